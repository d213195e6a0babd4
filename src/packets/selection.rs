//! The exhibits that somebody picks, as a page's form carries them: numbers of items in the order of the exhibits.

use std::collections::HashSet;
use std::fmt::Write;

/// Items that one packet may name.
pub const MOST: usize = 20_000;
/// Items that a text may name, each as often as it stands there: the work of reading it.
const MOST_NAMED: i64 = 2 * MOST as i64;
/// Bytes of the longest text that says a selection: each number has sixteen digits and a blank.
const LONGEST: usize = 17 * MOST;
/// Items that follow each other and are written as one range.
const RUN: usize = 3;

/// Items picked, each once, in the order of the exhibits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection(Vec<i64>);

/// A change of what is picked, as a button of the form names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionStep {
    /// Picks all that fit the filter.
    All,
    /// Drops all that fit the filter.
    Drop,
    /// Drops all.
    None,
    /// Picks what is new since the earlier packet, and nothing else.
    New,
    /// Puts all into the order of their items.
    Sort,
    /// Moves one item before the one above it.
    Up(i64),
    /// Moves one item behind the one below it.
    Down(i64),
    /// Drops one item.
    Remove(i64),
}

impl SelectionStep {
    /// From the word of a button, such as `up 12`; none of them changes nothing.
    pub fn from_button(word: &str) -> Option<Self> {
        let (verb, item) = word.split_once(' ').unwrap_or((word, ""));
        let item = item.parse().ok();
        Some(match verb {
            "all" => Self::All,
            "drop" => Self::Drop,
            "none" => Self::None,
            "new" => Self::New,
            "sort" => Self::Sort,
            "up" => Self::Up(item?),
            "down" => Self::Down(item?),
            "remove" => Self::Remove(item?),
            _ => return None,
        })
    }
}

impl Selection {
    /// From numbers with blanks, commas or semicolons between them; `12-15` is a range.
    ///
    /// # Errors
    /// Says what is no number, or that there are too many.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(too_many());
        }
        let (mut all, mut named) = (Self::default(), 0);
        let mut seen = HashSet::new();
        let parts = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
        for part in parts.filter(|part| !part.is_empty()) {
            let (first, last) = range(part)?;
            named += last - first + 1;
            if named > MOST_NAMED {
                return Err(too_many());
            }
            all.0.extend((first..=last).filter(|item| seen.insert(*item)));
            if all.0.len() > MOST {
                return Err(too_many());
            }
        }
        Ok(all)
    }

    /// Of these items, each once.
    pub fn of(items: Vec<i64>) -> Self {
        let mut all = Self::default();
        all.add(&items);
        all
    }

    /// The same as text, runs as ranges.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.0.as_slice();
        while let Some(first) = rest.first() {
            let run = rest
                .iter()
                .zip(*first..)
                .take_while(|(item, next)| **item == *next)
                .count();
            let taken = if run < RUN { 1 } else { run };
            let blank = if text.is_empty() { "" } else { " " };
            let end = rest[taken - 1];
            // Writing into a text does not fail.
            let _ = match taken {
                1 => write!(text, "{blank}{first}"),
                _ => write!(text, "{blank}{first}-{end}"),
            };
            rest = &rest[taken..];
        }
        text
    }

    /// The items in their order.
    pub fn items(&self) -> &[i64] {
        &self.0
    }

    /// Whether an item is picked.
    pub fn has(&self, item: i64) -> bool {
        self.0.contains(&item)
    }

    /// Takes in the ticks of a page. It showed these items, ticked as `was` says; what was not changed there stays as it is
    /// here. New ones come last.
    pub fn tick(&mut self, was: &Self, shown: &[i64], ticked: &[i64]) {
        let before: HashSet<i64> = was.0.iter().copied().collect();
        let now: HashSet<i64> = ticked.iter().copied().collect();
        let changed = |to: &HashSet<i64>, from: &HashSet<i64>| -> Vec<i64> {
            let those = shown.iter().copied();
            those.filter(|item| to.contains(item) && !from.contains(item)).collect()
        };
        let dropped: HashSet<i64> = changed(&before, &now).into_iter().collect();
        self.0.retain(|item| !dropped.contains(item));
        self.add(&changed(&now, &before));
    }

    /// Makes a step; `fitting` are the items that fit the filter and may leave.
    pub fn step(&mut self, step: &SelectionStep, fitting: &[i64]) {
        match step {
            SelectionStep::All => self.add(fitting),
            SelectionStep::Drop => {
                let dropped: HashSet<i64> = fitting.iter().copied().collect();
                self.0.retain(|item| !dropped.contains(item));
            }
            SelectionStep::None => self.0.clear(),
            SelectionStep::New => {
                self.0.clear();
                self.add(fitting);
            }
            SelectionStep::Sort => self.0.sort_unstable(),
            SelectionStep::Up(item) => {
                if let Some(at) = self.place(*item).filter(|at| *at > 0) {
                    self.0.swap(at, at - 1);
                }
            }
            SelectionStep::Down(item) => {
                if let Some(at) = self.place(*item).filter(|at| at + 1 < self.0.len()) {
                    self.0.swap(at, at + 1);
                }
            }
            SelectionStep::Remove(item) => self.0.retain(|other| other != item),
        }
    }

    fn place(&self, item: i64) -> Option<usize> {
        self.0.iter().position(|other| *other == item)
    }

    fn add(&mut self, items: &[i64]) {
        let mut known: HashSet<i64> = self.0.iter().copied().collect();
        self.0.extend(items.iter().copied().filter(|item| known.insert(*item)));
        self.0.truncate(MOST);
    }
}

fn range(part: &str) -> Result<(i64, i64), String> {
    let number = |text: &str| text.parse::<i64>().ok().filter(|n| (1..1 << 52).contains(n));
    let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
    let read = number(first).zip(number(last)).filter(|(first, last)| first <= last);
    read.ok_or_else(|| {
        let shown: String = part.chars().take(40).collect();
        format!("holds \u{201c}{shown}\u{201d}, which is no item number: write numbers and ranges, such as 3 7 12-15")
    })
}

fn too_many() -> String {
    format!("names more than {MOST} items, the most that one packet takes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(text: &str) -> Selection {
        Selection::parse(text).expect("a selection")
    }

    #[test]
    fn a_selection_is_read_back_as_it_was_written() {
        for (text, items, written) in [
            ("", &[][..], ""),
            ("3 7, 12-15", &[3, 7, 12, 13, 14, 15], "3 7 12-15"),
            ("5;4 ;3", &[5, 4, 3], "5 4 3"),
            ("1 2 3 2 1", &[1, 2, 3], "1-3"),
            ("1 2 9", &[1, 2, 9], "1 2 9"),
        ] {
            let selection = picked(text);
            assert_eq!(selection.items(), items, "{text}");
            assert_eq!(selection.text(), written, "{text}");
            assert_eq!(picked(&selection.text()), selection, "{text}");
        }
        assert_eq!(picked("1-20000").items().len(), MOST);
    }

    #[test]
    fn what_is_no_item_is_named() {
        for text in ["x", "0", "-1", "7-3", "1-", "1.5", "99999999999999999999"] {
            let said = Selection::parse(text).expect_err(text);
            assert!(said.contains(text), "{said}");
        }
        for text in ["1-20001", "1-9007199254740", "1-20000 20001"] {
            assert!(Selection::parse(text).expect_err(text).contains("20000"), "{text}");
        }
    }

    #[test]
    fn a_text_that_names_items_again_and_again_is_not_read_to_its_end() {
        assert_eq!(picked("1-20000 1-20000").items().len(), MOST);
        for text in ["1-20000 ".repeat(3), "1-20000 ".repeat(20_000), "7 ".repeat(40_001)] {
            assert!(Selection::parse(&text).expect_err("too many").contains("20000"));
        }
        let blanks = " ".repeat(LONGEST + 1);
        assert!(Selection::parse(&blanks).expect_err("too long").contains("20000"));
        // Whatever is picked, its text is read again.
        let most = Selection::of((0..).map(|n| (1 << 52) - 1 - 2 * n).take(MOST).collect());
        assert_eq!(picked(&most.text()), most);
    }

    #[test]
    fn ticks_change_only_what_the_page_showed_otherwise() {
        let was = picked("9 2 4");
        let mut selection = was.clone();
        selection.tick(&was, &[1, 2, 3, 4], &[1, 4]);
        assert_eq!(selection.items(), [9, 4, 1]);
        // A number that the page did not show is not picked by a tick.
        let was = selection.clone();
        selection.tick(&was, &[5], &[5, 6]);
        assert_eq!(selection.items(), [9, 4, 1, 5]);
        // What was typed meanwhile stands, where no tick says otherwise.
        let mut typed = picked("4 9");
        typed.tick(&picked("9 2 4"), &[1, 2, 3, 4], &[1, 2, 4]);
        assert_eq!(typed.items(), [4, 9, 1]);
    }

    #[test]
    fn steps_do_what_their_buttons_say() {
        let steps = [
            ("up 4", "9 4 2"),
            ("up 9", "9 2 4"),
            ("down 9", "2 9 4"),
            ("down 4", "9 2 4"),
            ("remove 2", "9 4"),
            ("all", "9 2 4 1 3"),
            ("drop", "9 2 4"),
            ("sort", "2 4 9"),
            ("none", ""),
            ("new", "1 3"),
            ("none", ""),
            ("up 77", "9 2 4"),
        ];
        for (button, left) in steps {
            let mut selection = picked("9 2 4");
            let step = SelectionStep::from_button(button).expect(button);
            selection.step(&step, &[1, 3]);
            assert_eq!(selection.text(), left, "{button}");
        }
        for button in ["", "look", "up", "up x"] {
            assert_eq!(SelectionStep::from_button(button), None, "{button}");
        }
    }
}
