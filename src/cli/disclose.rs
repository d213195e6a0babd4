//! `casetrail disclose`: records to whom a packet went, and makes the link from which its recipient takes it.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::client::{Client, ClientArgs, no_casetrail};
use super::failure::{Done, Failure};
use super::output;
use crate::forms::parse_id;

/// What stands on the command line after `disclose`.
#[derive(Debug, clap::Args)]
pub struct DiscloseArgs {
    /// The packet, by the id that `casetrail export` prints
    packet: String,
    /// The recipient's name
    #[arg(long, value_name = "NAME")]
    to: String,
    /// The recipient's agency, office or firm
    #[arg(long)]
    agency: Option<String>,
    /// How the recipient is reached
    #[arg(long)]
    contact: Option<String>,
    /// Need to know: what the recipient needs it for
    #[arg(long, value_name = "TEXT", required_unless_present = "emergency")]
    need: Option<String>,
    /// Right to know: the duty, rule or authority under which the recipient may have it
    #[arg(long, value_name = "RULE", required_unless_present = "emergency")]
    under: Option<String>,
    /// The request or order that it answers
    #[arg(long)]
    request: Option<String>,
    /// The day of that request, such as 2026-11-04
    #[arg(long, value_name = "DAY")]
    requested_on: Option<String>,
    /// The public records statute: the disclosure then answers a request for public records
    #[arg(long, requires = "request")]
    statute: Option<String>,
    /// It goes out to avert imminent danger to life or property
    #[arg(long)]
    emergency: bool,
    /// How it is handed over, such as a DVD; with --link: by download link
    #[arg(long)]
    means: Option<String>,
    /// What is not given and why, as WHAT=WHY or WHAT=WHY=EXEMPTION; may be given more than once
    #[arg(long, value_name = "WHAT=WHY", value_parser = withheld)]
    withheld: Vec<Value>,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Make a download link for the recipient, and print its address and its code once
    #[arg(long)]
    link: bool,
    /// Days that the link lasts [default: 7]
    #[arg(long, requires = "link")]
    days: Option<u64>,
    /// Downloads that the link allows [default: 3]
    #[arg(long, requires = "link")]
    downloads: Option<u64>,
    /// Encrypt what the link gives to this public key of age (age1…); may be given several times
    #[arg(long, value_name = "KEY", requires = "link")]
    age: Vec<String>,
    #[command(flatten)]
    client: ClientArgs,
}

/// One class or item that is not given.
fn withheld(said: &str) -> Result<Value, String> {
    let mut parts = said.splitn(3, '=').map(str::trim);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(what), Some(why), exemption) if !what.is_empty() && !why.is_empty() => {
            let mut item = json!({"what": what, "why": why});
            if let Some(exemption) = exemption.filter(|text| !text.is_empty()) {
                item["exemption"] = exemption.into();
            }
            Ok(item)
        }
        _ => Err("must say what is not given and why, such as \"held=not decided yet\"".to_owned()),
    }
}

/// Records a disclosure.
pub fn run(here: &str, args: &DiscloseArgs) -> Done {
    let message = "must be a packet's id, as casetrail export prints it";
    let id = parse_id(&args.packet).ok_or_else(|| Failure::field("PACKET", "uuid", message))?;
    let client = Client::new(&args.client, here)?;
    let place = format!("/packets/{id}/disclosures");
    let made = client.post(&place, &said(args))?;
    let disclosure = made["id"].as_str().ok_or_else(no_casetrail)?;
    output::print(&recorded(&made));
    if args.link {
        let wish = wished_link(args);
        let link = client
            .post(&format!("{place}/{disclosure}/links"), &wish)
            .map_err(without_link)?;
        output::print(&told_link(&client, &link)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// The disclosure as it is sent.
fn said(args: &DiscloseArgs) -> Value {
    let means = args.means.clone().or(args.link.then(|| "download link".to_owned()));
    let texts = [
        ("agency", &args.agency),
        ("contact", &args.contact),
        ("need", &args.need),
        ("under", &args.under),
        ("request", &args.request),
        ("requested_on", &args.requested_on),
        ("statute", &args.statute),
        ("means", &means),
        ("note", &args.note),
    ];
    let mut said = Map::from_iter([("to".to_owned(), args.to.as_str().into())]);
    for (name, text) in texts {
        if let Some(text) = text {
            said.insert(name.to_owned(), text.as_str().into());
        }
    }
    if args.statute.is_some() {
        said.insert("kind".to_owned(), "public_records".into());
    }
    if args.emergency {
        said.insert("emergency".to_owned(), true.into());
    }
    if !args.withheld.is_empty() {
        said.insert("withheld".to_owned(), args.withheld.clone().into());
    }
    said.into()
}

fn wished_link(args: &DiscloseArgs) -> Value {
    let mut wish = json!({"age_recipients": args.age});
    for (name, count) in [("days", args.days), ("downloads", args.downloads)] {
        if let Some(count) = count {
            wish[name] = count.into();
        }
    }
    wish
}

/// The disclosure stands even where its link was refused: whoever runs the command again must know that.
fn without_link(mut failure: Failure) -> Failure {
    failure.detail = format!(
        "{}. The disclosure is recorded, without a link: make one on the packet's page",
        failure.detail.trim_end_matches('.')
    );
    failure
}

fn recorded(made: &Value) -> String {
    let text = |value: &Value| output::clean(value.as_str().unwrap_or("?"));
    format!(
        "disclosure {}\n{} to {}, {}\nsha256 {}\n",
        text(&made["id"]),
        text(&made["packet"]["name"]),
        text(&made["to"]),
        text(&made["disclosed_at"]),
        text(&made["packet"]["sha256"]),
    )
}

fn told_link(client: &Client, link: &Value) -> Result<String, Failure> {
    let path = link["path"].as_str().ok_or_else(no_casetrail)?;
    let code = link["code"].as_str().ok_or_else(no_casetrail)?;
    Ok(format!(
        "link {}\ncode {}\nSend the link one way and tell the code another: neither is shown again. It ends {}, or after {} downloads.\n",
        output::clean(&client.page(path)),
        output::clean(code),
        output::clean(link["ends_at"].as_str().unwrap_or("?")),
        link["downloads"],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_withheld_says_what_and_why() {
        assert_eq!(
            withheld("held = not decided").unwrap(),
            json!({"what": "held", "why": "not decided"})
        );
        let cited = json!({"what": "held", "why": "w", "exemption": "s. 7(a)=b"});
        assert_eq!(withheld("held=w=s. 7(a)=b").unwrap(), cited);
        for bad in ["", "held", "held=", "=why"] {
            assert!(withheld(bad).is_err(), "{bad}");
        }
    }
}
