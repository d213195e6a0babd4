//! Enumerations whose values have one word each, the same in code, in JSON, in tables and in the policy's text.

/// An enumeration with a fixed word for each value.
pub trait Word: Sized + Copy + 'static {
    /// All values with their words.
    const WORDS: &'static [(&'static str, Self)];

    /// All words, as a message lists them.
    fn listed() -> String {
        let words: Vec<&str> = Self::WORDS.iter().map(|(w, _)| *w).collect();
        words.join(", ")
    }

    /// The value of a word.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, v)| *v)
    }
}

/// A word that is none of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {kind}")]
pub struct UnknownWord {
    /// The enumeration: `Role`, `Handling`, …
    pub kind: &'static str,
    /// What was given.
    pub word: String,
}

/// Declares an enumeration of words.
#[macro_export]
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$meaning])* #[serde(rename = $word)] $value,)+ }

        #[allow(dead_code, reason = "not every enumeration is printed or listed")]
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl $crate::words::Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$value),)+];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
                let unknown = || $crate::words::UnknownWord { kind: stringify!($name), word: word.to_owned() };
                <Self as $crate::words::Word>::from_word(word).ok_or_else(unknown)
            }
        }
    };
}
