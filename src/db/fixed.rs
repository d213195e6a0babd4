//! Statements whose text never changes, prepared once for each connection (docs/adr/0026).
//!
//! Diesel prepares each UPDATE anew, because it cannot know that the text is always the same, and it walks over its own
//! statement to bind the values. For the statements of every upload and every read, each of the two took a tenth of the
//! writer's time.

/// Makes a statement of a fixed text with values in between: the name, `->` and the SQL types of a row where it answers
/// any, then texts and `field: Rust type as SQL type` in turn. It runs on either database like any other of Diesel's.
#[macro_export]
macro_rules! fixed {
    ($(#[$about:meta])* $vis:vis $name:ident $(-> $row:ty)?: $first:expr $(, $field:ident: $rust:ty as $sql:ty, $text:expr)* $(,)?) => {
        $(#[$about])*
        #[derive(diesel::query_builder::QueryId)]
        $vis struct $name {
            $($vis $field: $rust,)*
        }

        impl<DB> diesel::query_builder::QueryFragment<DB> for $name
        where
            DB: diesel::backend::Backend,
            $(DB: diesel::sql_types::HasSqlType<$sql>, $rust: diesel::serialize::ToSql<$sql, DB>,)*
        {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, DB>,
            ) -> diesel::QueryResult<()> {
                out.push_sql($first);
                $(
                    out.push_bind_param::<$sql, _>(&self.$field)?;
                    out.push_sql($text);
                )*
                Ok(())
            }
        }

        $(impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        })?

        impl<C> diesel::RunQueryDsl<C> for $name {}
    };
}

/// Makes an INSERT of one row with a fixed text: the name, `into` the table, what follows the values if anything, and
/// `column: Rust type as SQL type` for each column. It does not compile where the table (`db::tables`) has no such column
/// of that type.
#[macro_export]
macro_rules! fixed_insert {
    ($(#[$about:meta])* $vis:vis $name:ident into $table:ident $($tail:literal)? {
        $first:ident: $first_rust:ty as $first_sql:ty $(, $column:ident: $rust:ty as $sql:ty)* $(,)?
    }) => {
        $(#[$about])*
        #[derive(diesel::query_builder::QueryId)]
        $vis struct $name {
            $vis $first: $first_rust,
            $($vis $column: $rust,)*
        }

        const _: fn() = || {
            fn is<S, C: diesel::Expression<SqlType = S>>(_: C) {}
            is::<$first_sql, _>($crate::db::tables::$table::$first);
            $(is::<$sql, _>($crate::db::tables::$table::$column);)*
        };

        impl<DB> diesel::query_builder::QueryFragment<DB> for $name
        where
            DB: diesel::backend::Backend + diesel::sql_types::HasSqlType<$first_sql>,
            $first_rust: diesel::serialize::ToSql<$first_sql, DB>,
            $(DB: diesel::sql_types::HasSqlType<$sql>, $rust: diesel::serialize::ToSql<$sql, DB>,)*
        {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, DB>,
            ) -> diesel::QueryResult<()> {
                out.push_sql(concat!("INSERT INTO ", stringify!($table), " (", stringify!($first)));
                out.push_sql(concat!($(", ", stringify!($column),)* ") VALUES ("));
                out.push_bind_param::<$first_sql, _>(&self.$first)?;
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<$sql, _>(&self.$column)?;
                )*
                out.push_sql(concat!(")" $(, " ", $tail)?));
                Ok(())
            }
        }

        impl<C> diesel::RunQueryDsl<C> for $name {}
    };
}
