//! How a person looks at graphic material.

use serde::Serialize;

use crate::error::Result;
use crate::forms::Form;

/// A person's own settings. They change what is shown first, and nothing about who may see what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Viewing {
    /// What was asked for is blurred until it is asked for once more.
    pub blur: bool,
    /// It is shown in grey.
    pub grey: bool,
    /// Videos and sounds begin without sound.
    pub mute: bool,
}

impl Default for Viewing {
    fn default() -> Self {
        Self {
            blur: true,
            grey: true,
            mute: true,
        }
    }
}

impl Viewing {
    /// Reads and checks all three.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| {
            for field in ["blur", "grey", "mute"] {
                form.must(field, "must be given: true or false");
            }
            Self::of(form)
        })
    }

    /// Reads and checks the boxes of a page's form, and the capture to go back to. A box that is not ticked is not sent.
    pub fn of_page(form: Form) -> Result<(Self, Option<String>)> {
        form.read(|form| (Self::of(form), form.id("capture")))
    }

    fn of(form: &mut Form) -> Self {
        let mut flag = |field| form.flag(field).unwrap_or(false);
        Self {
            blur: flag("blur"),
            grey: flag("grey"),
            mute: flag("mute"),
        }
    }
}
