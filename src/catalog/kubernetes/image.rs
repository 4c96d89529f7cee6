//! Names of container images: registry, repository, and which version of it.

/// An image by name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Host of the registry (`docker.io` if the name has none).
    pub registry: String,
    /// Registry and path (`docker.io/library/nginx`).
    pub repository: String,
    /// Tag, else digest, else `latest`, as the container runtime takes it.
    pub version: String,
}

/// Takes the name of an image apart; none if it is empty or has no repository.
pub fn parse(name: &str) -> Option<Image> {
    let (name, digest) = match name.trim().split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (name.trim(), None),
    };
    // A colon before the last slash belongs to the port of the registry.
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    };
    if path.is_empty() {
        return None;
    }
    let is_host = |host: &str| host.contains(['.', ':']) || host == "localhost";
    let (registry, path) = match path.split_once('/') {
        Some((host, rest)) if is_host(host) => (host, rest.to_owned()),
        Some(_) => ("docker.io", path.to_owned()),
        None => ("docker.io", format!("library/{path}")),
    };
    let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
    let version = tag.or(digest).filter(|version| !version.is_empty()).unwrap_or("latest");
    Some(Image { registry: registry.to_owned(), repository: format!("{registry}/{path}"), version: version.to_owned() })
}

/// Whether a version is a digest and no tag: tags have no colon.
pub fn is_digest(version: &str) -> bool {
    version.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_the_runtime_does_it() {
        for (name, registry, repository, version) in [
            ("nginx", "docker.io", "docker.io/library/nginx", "latest"),
            ("nginx:1.27", "docker.io", "docker.io/library/nginx", "1.27"),
            ("grafana/grafana:11", "docker.io", "docker.io/grafana/grafana", "11"),
            ("registry.k8s.io/pause:3.10@sha256:ab", "registry.k8s.io", "registry.k8s.io/pause", "3.10"),
            ("localhost:5000/app", "localhost:5000", "localhost:5000/app", "latest"),
            ("localhost/app@sha256:ab", "localhost", "localhost/app", "sha256:ab"),
            ("index.docker.io/library/nginx:", "docker.io", "docker.io/library/nginx", "latest"),
        ] {
            let image = parse(name).unwrap();
            let found = (image.registry.as_str(), image.repository.as_str(), image.version.as_str());
            assert_eq!(found, (registry, repository, version), "{name}");
        }
        assert_eq!(parse(""), None);
        assert_eq!(parse("@sha256:ab"), None);
        assert!(is_digest("sha256:ab") && !is_digest("3.10"));
    }
}
