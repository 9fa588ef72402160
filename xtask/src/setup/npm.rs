//! Whether node_modules holds what package-lock.json says.

use std::path::Path;

use serde_json::{Map, Value};

/// Compares package-lock.json with the copy that npm leaves in node_modules: npm writes it last, so an interrupted
/// install does not look finished.
pub fn is_current(root: &Path) -> bool {
    let wanted = packages(&root.join("package-lock.json"));
    let installed = packages(&root.join("node_modules/.package-lock.json"));
    match (wanted, installed) {
        (Some(wanted), Some(installed)) => covers(&wanted, &installed),
        _ => false,
    }
}

fn packages(lock: &Path) -> Option<Map<String, Value>> {
    let text = std::fs::read_to_string(lock).ok()?;
    let mut lock: Value = serde_json::from_str(&text).ok()?;
    match lock.get_mut("packages")?.take() {
        Value::Object(packages) => Some(packages),
        _ => None,
    }
}

/// Every package that is wanted is there at its version, but for optional ones, which npm leaves out on some systems.
fn covers(wanted: &Map<String, Value>, installed: &Map<String, Value>) -> bool {
    let is_optional = |package: &Value| package.get("optional") == Some(&Value::Bool(true));
    wanted.iter().filter(|(path, package)| !path.is_empty() && !is_optional(package)).all(|(path, package)| {
        installed.get(path).is_some_and(|found| {
            found.get("version") == package.get("version") && found.get("integrity") == package.get("integrity")
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn another_version_or_a_missing_package_is_noticed() {
        let wanted = object(json!({
            "": {"name": "superposition"},
            "node_modules/a": {"version": "1.0.0", "integrity": "sha512-x"},
            "node_modules/b": {"version": "2.0.0", "optional": true},
        }));
        let same = object(json!({"node_modules/a": {"version": "1.0.0", "integrity": "sha512-x"}}));
        let older = object(json!({"node_modules/a": {"version": "0.9.0", "integrity": "sha512-w"}}));
        assert!(covers(&wanted, &same));
        assert!(!covers(&wanted, &older));
        assert!(!covers(&wanted, &Map::new()));
    }
}
