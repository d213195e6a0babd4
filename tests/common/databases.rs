//! Tests that run on SQLite and on PostgreSQL.

/// Which database a test runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Makes two tests of a function, `name::sqlite` and `name::postgres`. `kit::run` calls it with what it takes.
#[macro_export]
macro_rules! both_databases {
    ($name:ident) => {
        $crate::both_databases!($name, $crate::kit::run);
    };
    ($name:ident with $setting:expr) => {
        $crate::both_databases!($name, $crate::kit::run_with, $setting);
    };
    ($name:ident, $run:path $(, $setting:expr)?) => {
        mod $name {
            #[test]
            fn sqlite() {
                $run($crate::databases::Database::Sqlite, super::$name $(, $setting)?);
            }
            #[test]
            fn postgres() {
                if $crate::postgres::has_postgres() {
                    $run($crate::databases::Database::Postgres, super::$name $(, $setting)?);
                }
            }
        }
    };
}
