//! The papers in PDF: that exactly those lie there which `packet.json` names. What they show is not compared.

use std::collections::BTreeSet;

use super::{Verdict, Walk, rule};
use crate::proof::packet::{
    CERTIFICATE_RULES, CERTIFICATES, CertificatePapers, EVIDENCE_SINCE, Head, PACKET, PDF_PAPERS, is_pdf_path,
};

impl Walk<'_> {
    /// Volumes there are as `packet.json` says, of both papers; packets with older papers have none.
    pub(super) fn pdf(&mut self) {
        let paths = self.files.source.entries().iter().map(|entry| entry.path.clone());
        let found: BTreeSet<String> = paths.filter(|path| is_pdf_path(path)).collect();
        let Some(head) = &self.report.packet else {
            if let Some(first) = found.first() {
                self.report.tell(Verdict::NotChecked, first, rule::PDF_NO_HEAD);
            }
            return;
        };
        let (may, named) = (may_be(head), head.pdf.clone());
        self.report.require(may, PACKET, rule::PDF_PAPERS);
        let drafts = named.as_ref().and_then(|pdf| pdf.certificates.as_ref());
        self.report
            .require(drafts.is_none_or(are_drafts), PACKET, rule::PDF_RULES);
        // A number of volumes is believed no further than there are files.
        let most = found.len() + 1;
        let named: BTreeSet<String> = named.iter().flat_map(|pdf| pdf.paths().take(most)).collect();
        for path in named.difference(&found) {
            self.report.broken(path, rule::PDF_MISSING);
        }
        for path in found.difference(&named) {
            self.report.broken(path, rule::PDF_UNNAMED);
        }
        let shown: Vec<&String> = found.intersection(&named).collect();
        if may && !shown.is_empty() && self.report.failed() == 0 {
            self.report.tell(Verdict::Passed, PACKET, rule::PDF);
        }
        // Once for each paper, at its first volume.
        for paper in PDF_PAPERS.map(|paper| format!("data/{paper}")) {
            if let Some(first) = shown.iter().find(|path| path.starts_with(&paper)) {
                self.report.tell(Verdict::NotChecked, first, rule::PDF_NOT_COMPARED);
            }
        }
        if let Some(first) = shown.iter().find(|path| path.starts_with(CERTIFICATES)) {
            self.report
                .tell(Verdict::NotChecked, first, rule::CERTIFICATES_NOT_COMPARED);
        }
    }
}

/// Whether there are drafts, and of certificates that there are.
fn are_drafts(drafts: &CertificatePapers) -> bool {
    let known = |(rule, volumes): (&String, &u32)| CERTIFICATE_RULES.contains(&&**rule) && *volumes > 0;
    !drafts.rules.is_empty() && drafts.rules.iter().all(known)
}

/// Whether a packet with this head may have the papers that it names.
fn may_be(head: &Head) -> bool {
    head.pdf
        .as_ref()
        .is_none_or(|pdf| head.papers >= Some(EVIDENCE_SINCE) && pdf.exhibits > 0 && pdf.report > 0)
}
