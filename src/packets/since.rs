//! How an exhibit of a supplement is new.

use crate::words;

words! {
    /// How an exhibit of a supplement is new.
    NewSince {
        /// The earlier packet did not show it.
        Added = "added",
        /// Something was recorded of it since.
        Changed = "changed",
    }
}
