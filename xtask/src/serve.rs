//! Serves a built site on 127.0.0.1, under the content security policy that the page promises to keep.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::http::{HeaderValue, header};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::shell;

pub const DEFAULT_PORT: u16 = 8080;

/// How many ports after a taken one are tried.
const N_PORTS: u16 = 20;

/// DESIGN.md section 9: no inline code, no inline style, nothing from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     worker-src 'self' blob:; img-src 'self' blob: data:";

/// The path under which tests see the site: a page that works there works under any path.
const TEST_PATH: &str = "/any/path";

/// Serves `folder` until the process is stopped; the address is the first line of standard output.
pub fn serve_until_stopped(folder: &Path, port: u16, open: bool) -> Result<()> {
    runtime()?.block_on(async {
        let listener = bind(port).await?;
        let address = address_of(&listener, "/")?;
        println!("{address}");
        shell::note("Ctrl-C stops the server");
        if open {
            open_in_browser(&address);
        }
        axum::serve(listener, site(folder, "/")).await.context("the server stopped")
    })
}

/// Serves `folder` from another thread for the rest of this process, on a free port; returns the address.
pub fn serve_beside(folder: &Path) -> Result<String> {
    let runtime = runtime()?;
    let listener = runtime.block_on(bind(0))?;
    let address = address_of(&listener, TEST_PATH)? + "/";
    let site = site(folder, TEST_PATH);
    std::thread::spawn(move || {
        runtime.block_on(async {
            if let Err(error) = axum::serve(listener, site).await {
                shell::failure(&format!("the server stopped: {error}"));
            }
        });
    });
    Ok(address)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?)
}

fn site(folder: &Path, path: &str) -> Router {
    // What the build compressed is sent so to whoever takes it.
    let files = ServeDir::new(PathBuf::from(folder)).precompressed_br();
    let router = match path {
        "/" => Router::new().fallback_service(files),
        _ => Router::new().nest_service(path, files),
    };
    let set = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    router
        // A rebuilt page is seen at the next reload.
        .layer(set(header::CACHE_CONTROL, "no-cache"))
        .layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// Binds `port`, or the next one that is free.
async fn bind(port: u16) -> Result<TcpListener> {
    let last = if port == 0 { 0 } else { port.saturating_add(N_PORTS) };
    for candidate in port..=last {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, candidate))).await {
            Ok(listener) => {
                if candidate != port {
                    shell::note(&format!("port {port} is taken; using {candidate}"));
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => bail!("could not listen on 127.0.0.1:{candidate}: {error}"),
        }
    }
    bail!("the ports {port} to {last} of 127.0.0.1 are all taken: choose another with --port")
}

fn address_of(listener: &TcpListener, path: &str) -> Result<String> {
    Ok(format!("http://{}{path}", listener.local_addr()?))
}

/// A convenience: that it failed is said and changes nothing.
fn open_in_browser(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = Command::new(program).arg(address).spawn() {
        shell::note(&format!("could not open a browser with {program}: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    fn get(address: &str, path: &str) -> String {
        get_with(address, path, "")
    }

    fn get_with(address: &str, path: &str, headers: &str) -> String {
        let host = address.trim_start_matches("http://").split('/').next().unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.to_lowercase()
    }

    #[test]
    fn files_carry_their_types_and_the_policy() {
        let folder = std::env::temp_dir().join(format!("superposition-serve-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in
            [("index.html", "<p>hello"), ("a.js", "1"), ("a.wasm", "0"), ("a.css", ""), ("a.js.br", "compressed")]
        {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let address = serve_beside(&folder).unwrap();
        for (file, kind) in
            [("", "text/html"), ("a.js", "text/javascript"), ("a.wasm", "application/wasm"), ("a.css", "text/css")]
        {
            let answer = get(&address, &format!("{TEST_PATH}/{file}"));
            assert!(answer.starts_with("http/1.1 200"), "{file}: {answer}");
            assert!(answer.contains(&format!("content-type: {kind}")), "{file}: {answer}");
            assert!(answer.contains("cache-control: no-cache"), "{file}: {answer}");
            assert!(
                answer.contains(&format!("content-security-policy: {}", CONTENT_SECURITY_POLICY.to_lowercase())),
                "{answer}"
            );
        }
        let compressed = get_with(&address, &format!("{TEST_PATH}/a.js"), "Accept-Encoding: gzip, br\r\n");
        assert!(compressed.contains("content-encoding: br") && compressed.contains("content-type: text/javascript"));
        assert!(compressed.ends_with("compressed"), "{compressed}");
        assert!(get(&address, "/index.html").starts_with("http/1.1 404"), "the site is seen outside its path");
        assert!(get(&address, &format!("{TEST_PATH}/../Cargo.toml")).starts_with("http/1.1 404"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_taken_port_gives_way_to_the_next() {
        runtime().unwrap().block_on(async {
            let first = bind(0).await.unwrap();
            let taken = first.local_addr().unwrap().port();
            let second = bind(taken).await.unwrap();
            assert!(second.local_addr().unwrap().port() > taken);
        });
    }
}
