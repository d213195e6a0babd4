//! What one volume shows of the view model, as JSON.

use std::ops::Range;

use serde_json::{Value, json};

use super::PaperDraft;
use crate::error::{Error, Result};
use crate::paper::qr;
use crate::paper::volumes::Volume;
use crate::proof::Digest;

/// Exhibits of which the first volume's index names all. Of more, each volume names its own.
const INDEX: usize = 1500;

/// The evidence hash as the report prints it.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceCode {
    /// The hash.
    pub sha256: Digest,
    /// Lines of the manifest that it covers.
    pub lines: usize,
}

impl PaperDraft {
    /// The data of a volume; the report's has the evidence hash.
    pub(in crate::paper) fn data(
        &self,
        volumes: &[Volume],
        volume: &Volume,
        evidence: Option<EvidenceCode>,
    ) -> Result<String> {
        let exhibits = volume.exhibits.clone().map(|place| {
            let mut shown: Value = serde_json::from_slice(&self.exhibits.read(place)?)?;
            shown["certificate"].take();
            Ok(shown)
        });
        let exhibits = exhibits.collect::<Result<Vec<Value>>>()?;
        let mut data = self.common.clone();
        data["exhibits"] = exhibits.into();
        data["first_picture"] = json!(volume.pictures.start);
        data["volume"] = json!({"n": volume.number, "of": volume.of, "rest": volume.rest.is_some()});
        data["volumes"] = volumes.iter().map(|volume| self.spine(volume)).collect();
        data["index"] = self.indexed(volumes, volume).into();
        data["anchoring"] = json!({"state": "never", "text": null});
        let rest = volume.rest.map_or(0..0, |part| self.part(part));
        let mut before = 0;
        let lists = [
            ("timeline", &self.timeline),
            ("authorizations", &self.authorizations),
            ("exceptions", &self.exceptions),
            ("schedule", &self.schedule),
        ];
        for (name, all) in lists {
            let own = within(&rest, before..before + all.len());
            // A list without a line is told of where the lists begin.
            let shown = !own.is_empty() || (all.is_empty() && volume.rest.is_some_and(|(part, _)| part == 0));
            data["parts"][name] = json!({"shown": shown, "goes_on": own.start > 0, "from": own.start});
            data[name] = all[own].to_vec().into();
            before += all.len();
        }
        data["parts"]["end"] = json!(volume.number == volume.of);
        data["evidence"] = evidence.map_or(Value::Null, |code| self.evidence(code));
        serde_json::to_string(&data).map_err(Error::internal)
    }

    /// The lines of this part of all lists, which follow one another.
    fn part(&self, (part, parts): (usize, usize)) -> Range<usize> {
        let all = self.timeline.len() + self.authorizations.len() + self.exceptions.len() + self.schedule.len();
        let each = all.div_ceil(parts.max(1));
        let end = |part: usize| (part * each).min(all);
        end(part)..end(part + 1)
    }

    fn spine(&self, volume: &Volume) -> Value {
        let no = |place: usize| self.index.get(place).map(|line| line["no"].clone());
        let own = !volume.exhibits.is_empty();
        json!({
            "n": volume.number, "rest": volume.rest.is_some(),
            "first": no(volume.exhibits.start).filter(|_| own), "last": no(volume.exhibits.end.saturating_sub(1)).filter(|_| own),
        })
    }

    fn indexed(&self, volumes: &[Volume], volume: &Volume) -> Vec<Value> {
        let places = match (volume.number, self.index.len() <= INDEX) {
            (1, true) => 0..self.index.len(),
            _ => volume.exhibits.clone(),
        };
        let line = |place: usize| {
            let mut line = self.index[place].clone();
            let of = volumes.iter().find(|volume| volume.exhibits.contains(&place));
            line["volume"] = json!(of.map_or(0, |volume| volume.number));
            line
        };
        places.map(line).collect()
    }

    fn evidence(&self, EvidenceCode { sha256, lines }: EvidenceCode) -> Value {
        let words = format!("CASETRAIL {} EVIDENCE SHA256 {sha256}", self.name);
        json!({"sha256": sha256, "lines": lines, "qr": qr::rows(&words)})
    }
}

/// The places of a list, whose lines these are among all, that lie in this part.
fn within(part: &Range<usize>, list: Range<usize>) -> Range<usize> {
    let start = part.start.clamp(list.start, list.end);
    let end = part.end.clamp(start, list.end);
    start - list.start..end - list.start
}
