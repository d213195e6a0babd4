//! Who did something, as events name them.

use std::rc::Rc;

/// Who did something: kind, id, and the role or right in which it was done.
#[derive(Clone)]
pub struct EventActor {
    pub kind: Rc<str>,
    pub id: Option<Rc<str>>,
    pub role: Option<Rc<str>>,
}
