//! From facts about the machine to what must be installed: a pure function, so that it can be tested for machines that
//! we do not have.

use std::fmt;

use super::Need;
use super::facts::{Facts, System, Version, WASM_TARGET};

/// The oldest Node that runs the tests (`--test-concurrency` came with it).
pub const OLDEST_NODE: Version = (20, 11);

/// One thing to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `rustup target add`; where it fails, the machine is looked at again, with that knowledge.
    RustupTarget,
    /// Debian's packages, all in one go.
    Debian(Vec<&'static str>),
    /// `npm ci`.
    Npm,
}

/// Why we can't install it ourselves, and what the person has to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub missing: String,
    pub remedy: String,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  run:  {}\n  then start this command again", self.missing, self.remedy)
    }
}

impl Step {
    /// The command line, as the list of what will be installed shows it.
    pub fn command_line(&self) -> String {
        match self {
            Step::RustupTarget => format!("rustup target add {WASM_TARGET}"),
            Step::Debian(packages) => {
                format!("apt-get update && apt-get install --no-install-recommends --no-remove {}", packages.join(" "))
            }
            Step::Npm => "npm ci".to_owned(),
        }
    }

    /// What it is for, in words.
    pub fn purpose(&self) -> &'static str {
        match self {
            Step::RustupTarget => "Rust's standard library for wasm",
            Step::Debian(_) => "Debian packages",
            Step::Npm => "the npm packages of package-lock.json, into node_modules/",
        }
    }
}

/// What to install for `needs`, in order; nothing when all is there.
pub fn plan(facts: &Facts, needs: &[Need]) -> Result<Vec<Step>, Blocked> {
    let mut steps = Vec::new();
    let mut packages = Vec::new();
    for need in needs {
        match need {
            Need::Wasm if facts.wasm_toolchain().is_none() => {
                if facts.rustup && !facts.rustup_failed {
                    steps.push(Step::RustupTarget);
                } else {
                    packages.extend(debian_rust(facts)?);
                }
            }
            Need::Npm => {
                check_node(facts)?;
                if !facts.npm_packages {
                    steps.push(Step::Npm);
                }
            }
            Need::Chromium if facts.chromium.is_none() => {
                packages.extend(browser_packages(facts, &CHROMIUM)?);
            }
            Need::Firefox if facts.firefox.is_none() => {
                packages.extend(browser_packages(facts, &FIREFOX)?);
            }
            // WebKit's engine has no driver that runs without a window elsewhere: there the tests say so themselves.
            Need::Webkit if facts.webkit.is_none() && on_linux(facts) => {
                packages.extend(browser_packages(facts, &WEBKIT)?);
            }
            _ => {}
        }
    }
    if !packages.is_empty() {
        let step = Step::Debian(packages);
        if !facts.root {
            return Err(Blocked {
                missing: "some Debian packages are missing, and only root may install them".to_owned(),
                remedy: step.command_line().replace("apt-get", "sudo apt-get"),
            });
        }
        // Packages wait for rustup: if that fails, more of them are needed, and one call brings all.
        steps.push(step);
    }
    Ok(steps)
}

/// What is installed in place of the wasm target if `rustup target add` fails, so that the list can name it beforehand.
pub fn instead_of_rustup(facts: &Facts) -> Option<Step> {
    let failed = Facts { rustup_failed: true, ..facts.clone() };
    let packages = debian_rust(&failed).ok()?;
    facts.root.then_some(Step::Debian(packages))
}

fn debian_rust(facts: &Facts) -> Result<Vec<&'static str>, Blocked> {
    match facts.system {
        System::Debian => {
            let compiler = ["rustc-web", "cargo-web", "rust-web-src"].into_iter().filter(|_| !facts.debian_rust);
            let linker = facts.wasm_linker.is_none().then_some("lld");
            Ok(compiler.chain(linker).collect())
        }
        _ if facts.rustup => Err(Blocked {
            missing: format!("rustup could not add the target {WASM_TARGET} (see above)"),
            remedy: format!("rustup target add {WASM_TARGET}"),
        }),
        _ => Err(Blocked {
            missing: format!("this Rust has no library for {WASM_TARGET}, and there is no rustup to add it"),
            remedy: format!(
                "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh && rustup target add {WASM_TARGET}"
            ),
        }),
    }
}

fn check_node(facts: &Facts) -> Result<(), Blocked> {
    let (major, minor) = OLDEST_NODE;
    let missing = match facts.node {
        Some(version) if version >= OLDEST_NODE => return Ok(()),
        Some(version) => format!("Node {}.{} is too old: {major}.{minor} or newer is needed", version.0, version.1),
        None => format!("Node is missing: {major}.{minor} or newer is needed"),
    };
    let remedy = match facts.system {
        System::Mac => "brew install node",
        _ => "a Node installer: https://nodejs.org/en/download has one for each system",
    };
    Err(Blocked { missing, remedy: remedy.to_owned() })
}

/// What a browser is called by each package manager.
struct Browser {
    name: &'static str,
    debian: &'static [&'static str],
    brew: &'static str,
    variable: &'static str,
}

const CHROMIUM: Browser =
    Browser { name: "Chromium", debian: &["chromium"], brew: "chromium", variable: "CHROME_PATH" };
const FIREFOX: Browser =
    Browser { name: "Firefox", debian: &["firefox-esr"], brew: "firefox", variable: "FIREFOX_PATH" };
const WEBKIT: Browser = Browser {
    name: "WebKit (its driver, MiniBrowser and xvfb)",
    debian: &["webkit2gtk-driver", "xvfb", "xauth"],
    brew: "",
    variable: "",
};

fn on_linux(facts: &Facts) -> bool {
    matches!(facts.system, System::Debian | System::OtherLinux)
}

fn browser_packages(facts: &Facts, browser: &Browser) -> Result<&'static [&'static str], Blocked> {
    let remedy = match facts.system {
        System::Debian => return Ok(browser.debian),
        System::Mac => format!("brew install --cask {}", browser.brew),
        _ if browser.variable.is_empty() => {
            format!("your package manager, for the counterparts of Debian's {}", browser.debian.join(" "))
        }
        _ => format!("your package manager, for {}; or set {} to its program", browser.name, browser.variable),
    };
    Err(Blocked { missing: format!("{} is missing, which the tests drive", browser.name), remedy })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::facts::{WasmToolchain, Webkit};
    use super::super::{EVERYTHING, FOR_BUILD, FOR_CHROMIUM};
    use super::*;

    /// A Debian container as root with rustup and Node, and nothing else.
    fn bare_debian() -> Facts {
        Facts {
            system: System::Debian,
            root: true,
            own_wasm_target: false,
            rustup: true,
            rustup_failed: false,
            debian_rust: false,
            wasm_linker: Some(PathBuf::from("/rustup/bin/rust-lld")),
            node: Some((20, 20)),
            npm_packages: false,
            chromium: None,
            firefox: None,
            webkit: None,
        }
    }

    fn complete(system: System) -> Facts {
        Facts {
            system,
            root: false,
            own_wasm_target: true,
            npm_packages: true,
            chromium: Some("/usr/bin/chromium".into()),
            firefox: Some("/usr/bin/firefox-esr".into()),
            webkit: Some(Webkit { driver: "/usr/bin/WebKitWebDriver".into(), browser: "/MiniBrowser".into() }),
            ..bare_debian()
        }
    }

    #[test]
    fn with_all_in_place_nothing_is_done_on_any_system() {
        for system in [System::Debian, System::OtherLinux, System::Mac, System::Other] {
            assert_eq!(plan(&complete(system), EVERYTHING), Ok(vec![]));
        }
    }

    #[test]
    fn rustup_comes_first_and_debian_only_when_it_fails() {
        let facts = bare_debian();
        assert_eq!(plan(&facts, FOR_BUILD), Ok(vec![Step::RustupTarget, Step::Npm]));
        let failed = Facts { rustup_failed: true, ..facts };
        let packages = Step::Debian(vec!["rustc-web", "cargo-web", "rust-web-src"]);
        assert_eq!(instead_of_rustup(&failed), Some(packages.clone()));
        assert_eq!(plan(&failed, FOR_BUILD), Ok(vec![Step::Npm, packages]));
    }

    #[test]
    fn debian_packages_come_in_one_call_with_a_linker_only_where_rustup_has_none() {
        let facts = Facts { rustup_failed: true, wasm_linker: None, npm_packages: true, ..bare_debian() };
        let packages = vec!["rustc-web", "cargo-web", "rust-web-src", "lld", "chromium"];
        assert_eq!(plan(&facts, FOR_CHROMIUM), Ok(vec![Step::Debian(packages)]));
    }

    #[test]
    fn an_installed_debian_toolchain_is_used_without_asking_rustup() {
        let facts = Facts { debian_rust: true, npm_packages: true, ..bare_debian() };
        assert_eq!(plan(&facts, FOR_BUILD), Ok(vec![]));
        assert_eq!(facts.wasm_toolchain(), Some(WasmToolchain::Debian { linker: "/rustup/bin/rust-lld".into() }));
    }

    #[test]
    fn who_may_not_install_gets_the_command() {
        let facts = Facts { root: false, chromium: None, ..complete(System::Debian) };
        let blocked = plan(&facts, EVERYTHING).unwrap_err();
        assert_eq!(
            blocked.remedy,
            "sudo apt-get update && sudo apt-get install --no-install-recommends --no-remove chromium"
        );
        let facts = Facts { firefox: None, ..complete(System::Mac) };
        assert_eq!(plan(&facts, EVERYTHING).unwrap_err().remedy, "brew install --cask firefox");
        let facts = Facts { own_wasm_target: false, rustup_failed: true, ..complete(System::OtherLinux) };
        assert_eq!(plan(&facts, EVERYTHING).unwrap_err().remedy, "rustup target add wasm32-unknown-unknown");
    }

    #[test]
    fn rustup_needs_no_root() {
        let facts = Facts { own_wasm_target: false, ..complete(System::Mac) };
        assert_eq!(plan(&facts, EVERYTHING), Ok(vec![Step::RustupTarget]));
        assert_eq!(instead_of_rustup(&facts), None);
    }

    #[test]
    fn an_old_node_is_named() {
        let facts = Facts { node: Some((18, 19)), ..complete(System::Debian) };
        let blocked = plan(&facts, FOR_BUILD).unwrap_err();
        assert!(blocked.missing.contains("Node 18.19 is too old: 20.11"), "{blocked}");
        assert!(plan(&Facts { node: None, ..facts }, FOR_BUILD).unwrap_err().missing.contains("Node is missing"));
    }

    #[test]
    fn webkit_is_asked_for_on_linux_only() {
        assert_eq!(plan(&Facts { webkit: None, ..complete(System::Mac) }, EVERYTHING), Ok(vec![]));
        let facts = Facts { webkit: None, root: true, ..complete(System::Debian) };
        let packages = vec!["webkit2gtk-driver", "xvfb", "xauth"];
        assert_eq!(plan(&facts, EVERYTHING), Ok(vec![Step::Debian(packages)]));
    }
}
