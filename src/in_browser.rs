//! The verifier inside a page of a browser, compiled to WebAssembly (`verify-page/`): the page's worker hands over a ZIP
//! piece by piece, and gets the answer of [`ask::answer`]. One instance answers once; nothing is given back before it ends.

use std::io;
use std::sync::Arc;

use crate::bag::ask;
use crate::bag::source::ZipBytes;

#[link(wasm_import_module = "casetrail")]
unsafe extern "C" {
    /// Copies at most `length` bytes of the file, from `at`, to `into`, and tells how many; a negative number where it
    /// cannot be read.
    fn read(at: f64, into: *mut u8, length: usize) -> i32;
}

/// The file that the page's reader has chosen.
struct ChosenFile {
    length: u64,
}

impl ZipBytes for ChosenFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.length)
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let length =
            usize::try_from(self.length.saturating_sub(at)).map_or(buffer.len(), |left| left.min(buffer.len()));
        // SAFETY: the worker writes at most `length` bytes, all of them inside the buffer.
        let read = unsafe { read(at as f64, buffer.as_mut_ptr(), length) };
        let read = usize::try_from(read).ok().filter(|read| *read <= length);
        read.ok_or_else(|| io::Error::other("the browser cannot read it"))
    }
}

/// Room for a question of this many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    Box::into_raw(vec![0u8; length].into_boxed_slice()).cast()
}

/// Verifies a file of `length` bytes. The answer has its own length first, four bytes, the lowest first.
///
/// # Safety
/// `asked` is a [`room`] of `asked_length` bytes that no other call was given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn verify(length: f64, asked: *mut u8, asked_length: usize) -> *const u8 {
    // SAFETY: by the contract above these bytes are one allocation, which nothing else owns.
    let asked = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(asked, asked_length)) };
    let zip = Arc::new(ChosenFile { length: length as u64 });
    let answer = ask::answer(zip, &asked);
    let mut framed = (answer.len() as u32).to_le_bytes().to_vec();
    framed.extend(answer);
    Box::into_raw(framed.into_boxed_slice()).cast_const().cast()
}
