//! The name somebody probably meant.

/// `" (did you mean X?)"` when one of `known` is near to `given`, else nothing: ready to end a sentence with.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // Far-off suggestions are worse than none: at most about one slip in three characters.
    const NEAR: f64 = 0.66;
    let given = given.to_lowercase();
    let score = |name: &str| strsim::normalized_damerau_levenshtein(&given, &name.to_lowercase());
    known
        .into_iter()
        .map(|name| (score(name), name))
        .filter(|(score, _)| *score >= NEAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or_else(String::new, |(_, name)| format!(" (did you mean {name}?)"))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn slips_are_recognised_and_guesses_are_not_made() {
        let known = ["listen", "log", "timeout"];
        assert_eq!(did_you_mean("lisen", known), " (did you mean listen?)");
        assert_eq!(did_you_mean("TIMEOUT", known), " (did you mean timeout?)");
        assert_eq!(did_you_mean("port", known), "");
    }
}
