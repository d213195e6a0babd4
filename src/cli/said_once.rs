//! Level and device of what is logged, which nobody but the person knows: from the command line or the manifest, their own
//! setting (`CASETRAIL_LEVEL`, `CASETRAIL_DEVICE`), or asked for at a terminal, once for a run. They are never guessed.

use std::io::{self, IsTerminal};

use super::capture_args::{CaptureArgs, LogTask};
use super::failure::Failure;
use crate::authorizations::{Device, Level};
use crate::bag::terminal::prompt;
use crate::forms::Word;

/// Fills in what no row and no setting says, or refuses to begin.
pub fn fill(tasks: &mut [LogTask]) -> Result<(), Failure> {
    fill_one(tasks, "level", |row| &mut row.level, ask::<Level>)?;
    fill_one(tasks, "device", |row| &mut row.device, ask::<Device>)
}

fn fill_one(
    tasks: &mut [LogTask],
    name: &str,
    field: fn(&mut CaptureArgs) -> &mut Option<String>,
    ask: fn(&str) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let rows = tasks.iter_mut().filter_map(|task| task.row.as_mut().ok());
    let open: Vec<&mut CaptureArgs> = rows.filter(|row| !row.is_handed_over()).collect();
    let mut open: Vec<&mut Option<String>> = open.into_iter().map(field).filter(|said| is_open(said)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let said = ask(name)?;
    open.iter_mut().for_each(|field| **field = Some(said.clone()));
    Ok(())
}

fn is_open(said: &Option<String>) -> bool {
    said.as_deref().is_none_or(|text| text.trim().is_empty())
}

fn ask<W: Word>(name: &str) -> Result<String, Failure> {
    let upper = name.to_uppercase();
    let missing = || {
        let message = format!(
            "must be said: --{name} with one of {}, the column `{name}` of a manifest, or CASETRAIL_{upper} for all that you log",
            W::listed()
        );
        Failure::field(name, "required", message)
    };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(missing());
    }
    for _ in 0..3 {
        prompt(&format!("{name} of what is logged ({}):", W::listed()));
        let mut typed = String::new();
        if io::stdin().read_line(&mut typed)? == 0 {
            break;
        }
        if W::from_word(typed.trim()).is_some() {
            return Ok(typed.trim().to_owned());
        }
    }
    Err(missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(row: CaptureArgs) -> LogTask {
        LogTask {
            number: 1,
            what: String::new(),
            file: None,
            row: Ok(row),
        }
    }

    #[test]
    fn what_nobody_says_is_not_guessed() {
        let asked = |name: &str| Ok(format!("the {name}"));
        let said = CaptureArgs {
            level: Some("covert".into()),
            ..CaptureArgs::default()
        };
        let handed = CaptureArgs {
            basis: Some("consent".into()),
            ..CaptureArgs::default()
        };
        let mut tasks = [task(said), task(CaptureArgs::default()), task(handed)];
        fill_one(&mut tasks, "level", |row| &mut row.level, asked).unwrap();
        let levels: Vec<_> = tasks
            .iter()
            .map(|task| task.row.as_ref().unwrap().level.clone())
            .collect();
        assert_eq!(levels, [Some("covert".into()), Some("the level".into()), None]);
        let refused = |name: &str| Err(Failure::field(name, "required", "must be said"));
        assert!(
            fill_one(&mut tasks, "level", |row| &mut row.level, refused).is_ok(),
            "nothing is open any more"
        );
        assert!(fill_one(&mut tasks, "device", |row| &mut row.device, refused).is_err());
    }
}
