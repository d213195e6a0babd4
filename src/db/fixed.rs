//! Statements whose text never changes, prepared once a connection. Diesel prepares each UPDATE anew, for it cannot know
//! that its text is always the same; where every upload and every read makes one, that is a tenth of the writer's time.
//! And it walks over each statement of its own to bind the values, which for what every upload asks took another tenth.

/// Makes a statement of a fixed text with values in between: the name, `->` and the SQL types of a row where it answers
/// any, then texts and `field: Rust type as SQL type` in turn. It runs on either database like any other of Diesel's.
#[macro_export]
macro_rules! fixed {
    ($(#[$about:meta])* $vis:vis $name:ident $(-> $row:ty)?: $first:literal $(, $field:ident: $rust:ty as $sql:ty, $text:literal)* $(,)?) => {
        $(#[$about])*
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

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        $(impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        })?

        impl<C> diesel::RunQueryDsl<C> for $name {}
    };
}
