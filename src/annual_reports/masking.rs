//! Which numbers of a report may be published.
//!
//! A number below `SMALLEST` could point at a person, so that it is masked. A masked number must not follow from the others
//! either: whoever knows a total and all numbers but one knows that one by subtraction. Therefore larger numbers of the same
//! table are withheld beside the masked ones (complementary suppression), the smallest first, until what is withheld could
//! make up for every value that a masked number may have: from 0 to `SMALLEST - 1`. Where a table has too few larger
//! numbers for that, the total itself is withheld, and every table of the report then withholds one number at least, so
//! that none of them adds up to it.

use serde::{Serialize, Serializer};

/// Numbers below this are masked.
pub const SMALLEST: u64 = 5;

/// A number as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// As it is.
    Number(u64),
    /// Below `SMALLEST`.
    Masked,
    /// Not below it, and withheld so that no masked number follows.
    Withheld,
}

impl Published {
    /// As people read it.
    pub fn says(self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Masked => format!("fewer than {SMALLEST}"),
            Self::Withheld => "withheld".to_owned(),
        }
    }
}

impl Serialize for Published {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(n) => serializer.serialize_u64(*n),
            other => serializer.serialize_str(&other.says()),
        }
    }
}

/// The numbers of a table, published so that none that is masked follows from them and their sum. `None` where that
/// cannot be: then the sum must not be known.
fn beside_their_sum(numbers: &[u64]) -> Option<Vec<Published>> {
    let mut published = masked(numbers);
    if !published.contains(&Published::Masked) {
        return Some(published);
    }
    let mut larger: Vec<usize> = (0..numbers.len()).filter(|i| numbers[*i] >= SMALLEST).collect();
    larger.sort_by_key(|i| numbers[*i]);
    // By how much the withheld numbers could be smaller and still not be below `SMALLEST`.
    let mut room = 0;
    for i in larger {
        published[i] = Published::Withheld;
        room += numbers[i] - SMALLEST;
        if room >= SMALLEST - 1 {
            return Some(published);
        }
    }
    None
}

/// The numbers of a table whose sum is not known.
fn masked(numbers: &[u64]) -> Vec<Published> {
    let one = |n: &u64| match *n < SMALLEST {
        true => Published::Masked,
        false => Published::Number(*n),
    };
    numbers.iter().map(one).collect()
}

/// The same with one number at least withheld or masked.
fn not_adding_up(numbers: &[u64]) -> Vec<Published> {
    let mut published = masked(numbers);
    if !published.contains(&Published::Masked)
        && let Some(i) = (0..numbers.len()).min_by_key(|i| numbers[*i])
    {
        published[i] = Published::Withheld;
    }
    published
}

/// A table whose numbers are not shares of the report's total: it is published as if its sum were known, and shows no large
/// number where that cannot be.
pub fn alone(numbers: &[u64]) -> Vec<Published> {
    beside_their_sum(numbers).unwrap_or_else(|| {
        masked(numbers)
            .into_iter()
            .map(|one| match one {
                Published::Masked => one,
                _ => Published::Withheld,
            })
            .collect()
    })
}

/// Tables of shares of one total, and that total.
pub fn shares(total: u64, tables: &[Vec<u64>]) -> (Published, Vec<Vec<Published>>) {
    let beside: Option<Vec<_>> = tables.iter().map(|table| beside_their_sum(table)).collect();
    match beside {
        Some(tables) if total >= SMALLEST => (Published::Number(total), tables),
        _ => {
            let total = match total < SMALLEST {
                true => Published::Masked,
                false => Published::Withheld,
            };
            // The sum is not known any more, so that what is masked follows from nothing.
            let each = |table: &Vec<u64>| {
                beside_their_sum(table)
                    .filter(|table| hides(table))
                    .unwrap_or_else(|| not_adding_up(table))
            };
            (total, tables.iter().map(each).collect())
        }
    }
}

/// Whether a table does not add up.
fn hides(published: &[Published]) -> bool {
    published.iter().any(|one| !matches!(one, Published::Number(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way in which numbers could stand behind what is published, where their sum is known.
    fn behind(published: &[Published], sum: u64) -> Vec<Vec<u64>> {
        let Some((first, rest)) = published.split_first() else {
            return if sum == 0 { vec![vec![]] } else { Vec::new() };
        };
        let range = match first {
            Published::Number(n) => *n..=*n,
            Published::Masked => 0..=SMALLEST - 1,
            Published::Withheld => SMALLEST..=sum.max(SMALLEST),
        };
        let with = |n: u64| {
            let others = behind(rest, sum - n);
            others.into_iter().map(move |others| [vec![n], others].concat())
        };
        range.filter(|n| *n <= sum).flat_map(with).collect()
    }

    /// Every masked number may be any number below `SMALLEST`, whatever else is published.
    #[test]
    fn no_masked_number_follows_from_the_others_and_the_total() {
        let mut published_totals = 0;
        for a in 0..12 {
            for b in a..14 {
                for c in b..14 {
                    let table = vec![a, b, c];
                    let sum: u64 = table.iter().sum();
                    let (total, tables) = shares(sum, std::slice::from_ref(&table));
                    let Published::Number(_) = total else {
                        assert!(hides(&tables[0]), "{table:?}: the total follows");
                        continue;
                    };
                    published_totals += 1;
                    for (i, one) in tables[0].iter().enumerate() {
                        if *one == Published::Masked {
                            let mut values: Vec<u64> = behind(&tables[0], sum).iter().map(|all| all[i]).collect();
                            values.sort_unstable();
                            values.dedup();
                            assert_eq!(values, [0, 1, 2, 3, 4], "{table:?} as {:?}", tables[0]);
                        }
                    }
                }
            }
        }
        assert!(published_totals > 100);
    }

    #[test]
    fn a_total_that_one_table_gives_away_is_given_by_none() {
        // The second table cannot hide its 2 beside a known total, so that the first does not show all of its own either.
        let (total, tables) = shares(8, &[vec![8], vec![6, 2]]);
        assert_eq!(total, Published::Withheld);
        assert_eq!(tables[0], [Published::Withheld]);
        assert_eq!(tables[1], [Published::Number(6), Published::Masked]);
        let (total, tables) = shares(3, &[vec![3, 0]]);
        assert_eq!(
            (total, tables[0].as_slice()),
            (Published::Masked, [Published::Masked; 2].as_slice())
        );
        let (total, tables) = shares(30, &[vec![20, 10], vec![9, 21, 0]]);
        assert_eq!(total, Published::Number(30));
        assert_eq!(tables[0], [Published::Number(20), Published::Number(10)]);
        assert_eq!(
            tables[1],
            [Published::Withheld, Published::Number(21), Published::Masked]
        );
    }

    #[test]
    fn a_table_of_its_own_shows_no_large_number_that_gives_a_small_one_away() {
        assert_eq!(alone(&[5, 2]), [Published::Withheld, Published::Masked]);
        assert_eq!(alone(&[5, 9]), [Published::Number(5), Published::Number(9)]);
        assert_eq!(alone(&[0, 0]), [Published::Masked; 2]);
    }
}
