//! A row of the exceptions.

use askama::Template;

use super::exceptions::{ExceptionAnswer, ExceptionTold};
use super::story::PacketStory;
use super::words;
use crate::text::{Moment, block, line};

/// One exception, with what was said to it.
#[derive(Template)]
#[template(path = "page/exception_row.html")]
pub(super) struct ExceptionRow<'s> {
    /// Its exhibit: what it is called, and where it stands.
    exhibit: Option<(String, String)>,
    told: ExceptionTold<'s>,
    at: Option<Moment>,
    tone: &'static str,
    icon: &'static str,
    answer: Option<AnswerView>,
}

/// What was said to an exception.
struct AnswerView {
    what: String,
    who: Option<String>,
    said: Vec<String>,
    at: Option<Moment>,
}

impl<'s> ExceptionRow<'s> {
    pub fn new(story: &PacketStory, exhibit: Option<(String, String)>, told: ExceptionTold<'s>) -> Self {
        let answer = match &told.answer {
            ExceptionAnswer::Unneeded => None,
            ExceptionAnswer::Awaited(what) => Some(AnswerView {
                what: (*what).to_owned(),
                who: None,
                said: Vec::new(),
                at: None,
            }),
            ExceptionAnswer::Event(event) => Some(AnswerView {
                what: words::action(&event.action),
                who: Some(story.who(&event.actor)),
                said: event
                    .details
                    .iter()
                    .map(|fact| format!("{}: {}", fact.label, block(&fact.value)))
                    .collect(),
                at: Some(story.zone.at(event.at)),
            }),
            ExceptionAnswer::Cleared(cleared) => Some(AnswerView {
                what: "Cleared".to_owned(),
                who: Some(line(cleared.by())),
                said: vec![block(cleared.reason())],
                at: cleared.at().map(|at| story.zone.at(at)),
            }),
        };
        let is_open = matches!(told.answer, ExceptionAnswer::Awaited(_));
        let (tone, icon) = if is_open { ("warn", "flag") } else { ("", "flag") };
        Self {
            exhibit,
            at: told.at.map(|at| story.zone.at(at)),
            tone,
            icon,
            answer,
            told: ExceptionTold {
                what: line(&told.what),
                why: told.why.iter().map(|why| block(why)).collect(),
                ..told
            },
        }
    }
}
