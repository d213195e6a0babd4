//! The policy printed as tables, so that a change of a rule shows as a change of who may do what.
//!
//! Every cell is asked of the policy itself; nothing here knows a rule.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::iter::{once, repeat};

use super::{Act, CaseFacts, CaseStatus, Facts, Handling, Policy, Question, Relation, Role};

const HEAD: &str = "\
Who may do what: printed from the policy by asking it, never edited by hand. A change here is a change of rights.

One table for each role, one row for acts that are alike, one column for each relation to the case:
  none     no relation                       read     was given `read` on record
  lead     leads the case                    export   was given `export` on record
  member   is a member                       decide   was given `decide` on record
  unit     the case's unit is one of theirs  u+, m+   unit or member, and the other as well
  next     was proposed as the next lead     u+recuse unit, and recused themselves
  chosen   was given chosen captures, asked  this     the same, asked about one of these captures
           about the case or another thing
A cell says in which cases they may:
  yes      in every case                     -        never
  std      handling standard only            r+c      handling restricted or confidential only
  …*       but not in a closed case          /…       only in cases that are so: o open, s suspended, c closed
A row speaks of someone without a part in the thing concerned; `as requester`, `as holder`, `as capturer` and
`as former member` (one who left since it was asked for or came in), `as first approver` of someone with that part,
`of a referral` of a packet that is one, where it differs. What a role may never do, so or so, is listed under its table.
Whoever holds several roles has what each of them gives.
";

const LABEL_WIDTH: usize = 36;
const CELL_WIDTH: usize = 8;
const ROLE_WIDTH: usize = 13;

/// Prints who may do what: role by relation, handling and status, for every act.
pub fn matrix(policy: &Policy) -> String {
    let mut out = String::from(HEAD);
    for role in Role::ALL {
        write_role(&mut out, policy, *role);
    }
    write_agency(&mut out, policy);
    out
}

/// A name, and what it sets.
type Named<T> = (&'static str, fn(&mut T));

/// The relations shown: each alone, and those pairs where one changes what the other gives.
const COLUMNS: [Named<Relation>; 16] = [
    ("none", |_| ()),
    ("lead", |r| r.lead = true),
    ("member", |r| r.member = true),
    ("next", |r| r.proposed_lead = true),
    ("unit", |r| r.supervises = true),
    ("read", |r| r.granted_read = true),
    ("export", |r| r.granted_export = true),
    ("decide", |r| r.granted_decide = true),
    ("chosen", |r| r.granted_captures = true),
    ("this", |r| (r.granted_captures, r.granted_this_capture) = (true, true)),
    ("u+lead", |r| (r.supervises, r.lead) = (true, true)),
    ("u+member", |r| (r.supervises, r.member) = (true, true)),
    ("u+read", |r| (r.supervises, r.granted_read) = (true, true)),
    ("u+decide", |r| (r.supervises, r.granted_decide) = (true, true)),
    ("m+decide", |r| (r.member, r.granted_decide) = (true, true)),
    ("u+recuse", |r| (r.supervises, r.recused) = (true, true)),
];

/// The parts that somebody can have in the thing concerned.
const PARTS: [Named<Facts>; 6] = [
    (" as requester", |f| f.requester = true),
    (" as holder", |f| f.holder = true),
    (" as capturer", |f| f.capturer = true),
    (" as former member", |f| f.former_member = true),
    (" as first approver", |f| f.approver = true),
    (" of a referral", |f| f.referral = true),
];

/// The default, changed as a column or a part says.
fn having<T: Default>(set: fn(&mut T)) -> T {
    let mut all = T::default();
    set(&mut all);
    all
}

fn write_role(out: &mut String, policy: &Policy, role: Role) {
    // Acts alike stand together, in the order in which the first of them is declared.
    let mut alike: Vec<(String, Vec<String>)> = Vec::new();
    let mut never: Vec<(String, Vec<String>)> = Vec::new();
    for act in Act::ALL.iter().filter(|act| act.is_on_case()) {
        for (part, cells) in rows(policy, *act, role) {
            if is_never(&cells) {
                join(&mut never, format!("never{part}:"), act.to_string());
            } else {
                join(&mut alike, cells, format!("{act}{part}"));
            }
        }
    }
    line(out, &format!("\n== {role} "), "=");
    if !alike.is_empty() {
        let heads: String = COLUMNS
            .iter()
            .map(|(name, _)| format!("{name:<CELL_WIDTH$} "))
            .collect();
        line(out, &format!("{:<LABEL_WIDTH$} {heads}", ""), "");
    }
    for (cells, labels) in alike {
        // Only the first of the acts has the cells beside it.
        for (label, cells) in labels.iter().zip(once(cells.as_str()).chain(repeat(""))) {
            line(out, &format!("{label:<LABEL_WIDTH$} {cells}"), "");
        }
        line(out, "", "-");
    }
    for (head, acts) in never {
        for (some, head) in acts.chunks(5).zip(once(head.as_str()).chain(repeat(""))) {
            line(out, &format!("{head:<20} {}", some.join(", ")), "");
        }
    }
}

fn write_agency(out: &mut String, policy: &Policy) {
    line(out, "\n== acts that are about no single case ", "=");
    let heads: String = Role::ALL.iter().map(|role| format!("{role:<ROLE_WIDTH$} ")).collect();
    line(out, &format!("{:<LABEL_WIDTH$} {heads}no role", ""), "");
    for act in Act::ALL.iter().filter(|act| !act.is_on_case()) {
        let alone = Role::ALL.iter().map(std::slice::from_ref).chain([&[] as &[Role]]);
        let answers = alone.map(|roles| may(policy, *act, roles, None, Facts::default()));
        let cells: String = answers
            .map(|yes| format!("{:<ROLE_WIDTH$} ", if yes { "yes" } else { "-" }))
            .collect();
        line(out, &format!("{act:<LABEL_WIDTH$} {cells}"), "");
    }
}

fn may(policy: &Policy, act: Act, roles: &[Role], case: Option<CaseFacts>, facts: Facts) -> bool {
    let question = Question {
        act,
        roles,
        case,
        facts,
    };
    policy.decide(&question).allowed
}

/// The row of an act, and the rows of those parts in the thing concerned that change the answer.
fn rows(policy: &Policy, act: Act, role: Role) -> Vec<(&'static str, String)> {
    let plain = row(policy, act, role, Facts::default());
    let mut rows = vec![("", plain.clone())];
    if policy.minds_facts(act) {
        let special = PARTS.map(|(part, set)| (part, row(policy, act, role, having(set))));
        rows.extend(special.into_iter().filter(|(_, cells)| *cells != plain));
    }
    rows
}

fn row(policy: &Policy, act: Act, role: Role, facts: Facts) -> String {
    let cells = COLUMNS.map(|(_, set)| format!("{:<CELL_WIDTH$} ", cell(policy, act, role, having(set), facts)));
    cells.concat()
}

fn is_never(row: &str) -> bool {
    row.split_whitespace().all(|cell| cell == "-")
}

/// In which cases: the handlings that have the same statuses stand together.
fn cell(policy: &Policy, act: Act, role: Role, relation: Relation, facts: Facts) -> String {
    let mut by_statuses: BTreeMap<String, Vec<Handling>> = BTreeMap::new();
    for handling in Handling::ALL {
        let statuses = CaseStatus::ALL.iter().filter(|status| {
            let case = CaseFacts {
                relation,
                handling: *handling,
                status: **status,
            };
            may(policy, act, &[role], Some(case), facts)
        });
        let statuses: String = statuses.map(|status| &status.as_str()[..1]).collect();
        if !statuses.is_empty() {
            by_statuses.entry(statuses).or_default().push(*handling);
        }
    }
    if by_statuses.is_empty() {
        return "-".to_owned();
    }
    let words = by_statuses
        .iter()
        .map(|(statuses, handlings)| handlings_word(handlings) + &statuses_mark(statuses));
    words.collect::<Vec<_>>().join(",")
}

fn handlings_word(handlings: &[Handling]) -> String {
    match handlings {
        [Handling::Standard] => "std".to_owned(),
        all if all.len() == Handling::ALL.len() => "yes".to_owned(),
        some => {
            let letters: Vec<&str> = some.iter().map(|handling| &handling.as_str()[..1]).collect();
            letters.join("+")
        }
    }
}

fn statuses_mark(statuses: &str) -> String {
    match statuses {
        "osc" => String::new(),
        "os" => "*".to_owned(),
        other => format!("/{other}"),
    }
}

fn join(groups: &mut Vec<(String, Vec<String>)>, key: String, label: String) {
    match groups.iter_mut().find(|(known, _)| *known == key) {
        Some((_, labels)) => labels.push(label),
        None => groups.push((key, vec![label])),
    }
}

/// Writes a line without blanks at its end, filled up to the table's width where a filler is given.
fn line(out: &mut String, text: &str, filler: &str) {
    let missing = (LABEL_WIDTH + COLUMNS.len() * (CELL_WIDTH + 1)).saturating_sub(text.trim_start().len());
    let filled = format!("{text}{}", filler.repeat(missing));
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{}", filled.trim_end_matches(' '));
}
