pub struct Uploads;
