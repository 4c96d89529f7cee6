//! The view `container`: every container of every workload, with the settings that are in effect for it.

use std::sync::{Arc, LazyLock};

use crate::base::symbol::Symbol;
use crate::catalog::View;
use crate::catalog::kubernetes::Template;
use crate::derive::subject::{OriginPart, keys};
use crate::derive::{Layout, Origin, Subject, Subjects};
use crate::expr::path::Step;
use crate::expr::{Map, Value};
use crate::inventory::{Inventory, Resource};
use crate::model::Text;

use super::common::{Index, KEYS, Seen, computed, get, same};
use super::live;
use super::ownership::Workload;
use super::podspec::{List, container_name, podspec, podspec_path, template_of};
use super::workload::{Facts, facts_parts, unreadable};

/// What a container takes over from its pod as a whole.
const INHERITED: [&str; 6] =
    ["runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile", "appArmorProfile"];
/// What it takes over one by one inside of `windowsOptions`.
const INHERITED_WINDOWS: [&str; 4] = ["gmsaCredentialSpecName", "gmsaCredentialSpec", "runAsUserName", "hostProcess"];

static INHERITED_KEYS: LazyLock<[Symbol; 6]> = LazyLock::new(|| INHERITED.map(Symbol::new));
static WINDOWS_KEYS: LazyLock<[Symbol; 4]> = LazyLock::new(|| INHERITED_WINDOWS.map(Symbol::new));

/// Annotation that named the AppArmor profile of a container before there was a field for it, followed by its name.
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Subjects of the view.
pub(super) fn subjects(inventory: &Inventory, workloads: &[Workload<'_>], view: &'static View) -> Subjects {
    let mut all = Subjects::default();
    let mut making = Making::default();
    for workload in workloads {
        let spec = match podspec(&workload.object.value, workload.template) {
            Ok(spec) => Some(spec),
            Err(why) => {
                all.subjects.push(unreadable(workload, why));
                None
            }
        };
        if let Some(spec) = spec {
            let pod = Pod {
                workload,
                facts: making.facts.of(workload, spec),
                object: workload.object,
                template: workload.template,
                spec,
                source: workload.source.clone(),
            };
            for list in List::ALL {
                making.list(&pod, list, &mut all.subjects);
            }
        }
        making.live(workload, spec, &mut all.subjects);
    }
    all.note_presence(inventory, view.sources);
    all
}

// A pod spec with what its containers share.
struct Pod<'p> {
    workload: &'p Workload<'p>,
    facts: Value,
    object: &'p Resource,
    template: &'static Template,
    spec: &'p Map,
    source: Option<Text>,
}

// A security context in effect, and which parts of it the pod gave: bits in the order of the tables above.
#[derive(Clone)]
struct Effective {
    value: Option<Value>,
    from_pod: u16,
}

#[derive(Default)]
struct Making {
    facts: Facts,
    // Security contexts by the addresses of what they are merged from: most containers share them.
    merged: Index<(usize, usize), Effective>,
    layouts: Index<(&'static str, List, usize, u16), Arc<Layout>>,
    // Of containers in objects without a place and words of their own.
    origins: Index<(&'static str, List, usize, u16), Arc<Origin>>,
    tags: Index<(&'static str, bool), Value>,
}

impl Making {
    fn list(&mut self, pod: &Pod<'_>, list: List, into: &mut Vec<Subject>) {
        match pod.spec.get(list.key()) {
            None | Some(Value::Null) => {}
            Some(Value::List(containers)) => {
                for (at, container) in containers.iter().enumerate() {
                    into.push(self.subject(pod, list, at, container, false));
                }
            }
            Some(Value::Unknown(why)) => into.push(unreadable(pod.workload, why.clone())),
            Some(other) => {
                let why = format!("expected a list of containers at {}, found {}", list.key(), other.kind());
                into.push(unreadable(pod.workload, why.into()));
            }
        }
    }

    // Containers of live pods that the template does not have like this.
    fn live(&mut self, workload: &Workload<'_>, template: Option<&Map>, into: &mut Vec<Subject>) {
        let Some(pod_template) = template_of("Pod") else { return };
        let mut seen = Seen::default();
        for object in &workload.live {
            let Some(spec) = get(&object.value, KEYS.spec).and_then(Value::as_map) else { continue };
            let contexts = [template.and_then(|spec| spec.get(KEYS.security_context)), spec.get(KEYS.security_context)];
            let same_context = match contexts {
                [Some(a), Some(b)] => same(a, b),
                [a, b] => a.is_none() && b.is_none(),
            };
            let mut pod = None;
            for list in List::ALL {
                let containers = spec.get(list.key()).map_or(&[][..], Value::items);
                for (at, container) in containers.iter().enumerate() {
                    let counterpart = template.and_then(|template| live::counterpart(template, list, container));
                    if same_context && counterpart.is_some_and(|(_, other)| live::same_container(other, container)) {
                        continue;
                    }
                    let pod = pod.get_or_insert_with(|| Pod {
                        workload,
                        facts: self.facts.of(workload, spec),
                        object,
                        template: pod_template,
                        spec,
                        source: Some(live::source(object)),
                    });
                    let injected = counterpart.is_none() && workload.is_template() && template.is_some();
                    let effective = self.effective(pod, container).value;
                    if let (Some((_, other)), Some(template)) = (counterpart, template)
                        && live::same_container(&bare(other), &bare(container))
                        && same_effective(self.merge(other, template.get(KEYS.security_context)).value, &effective)
                    {
                        continue;
                    }
                    if seen.insert(&Value::list([live::own_container(container), effective.unwrap_or_default()])) {
                        into.push(self.subject(pod, list, at, container, injected));
                    }
                }
            }
        }
    }

    fn subject(&mut self, pod: &Pod<'_>, list: List, at: usize, container: &Value, injected: bool) -> Subject {
        let name = container_name(container).cloned();
        let element = name.unwrap_or_else(|| format!("{}[{at}]", list.key()).into());
        let resource = pod.workload.resource.clone();
        let Value::Map(map) = container else {
            let why = match container {
                Value::Unknown(why) => why.clone(),
                other => format!("expected a container, found {}", other.kind()).into(),
            };
            let origin = self.origin(pod, list, at, 0, Vec::new());
            return Subject { resource, element: Some(element), value: Value::Unknown(why), origin: Some(origin) };
        };
        let mut effective = self.effective(pod, container);
        let annotation = app_armor_annotation(pod, &element, effective.value.as_ref());
        if let Some((_, profile)) = &annotation {
            effective.value = Some(with_entry(effective.value.as_ref(), KEYS.app_armor_profile, profile.clone()));
        }
        let kind = list.kind_of(container);
        let tag = self
            .tags
            .entry((kind, injected))
            .or_insert_with(|| Value::map([("kind", Value::str(kind)), ("injected", Value::Bool(injected))]));
        let own = [KEYS.security_context, KEYS.container, KEYS.workload];
        let host_ports = host_ports(pod, list, at, map);
        let mut entries = Vec::with_capacity(map.len() + own.len());
        entries.extend(map.iter().filter(|(key, _)| !own.contains(key)).map(|(key, value)| (key, value.clone())));
        entries.extend(effective.value.map(|value| (KEYS.security_context, value)));
        let mut parts: Vec<OriginPart> = annotation.map(|(path, _)| annotation_part(pod, path)).into_iter().collect();
        if let Some((ports, defaulted)) = host_ports {
            entries.retain(|(key, _)| *key != KEYS.ports);
            entries.push((KEYS.ports, ports));
            parts.extend(defaulted);
        }
        entries.push((KEYS.container, tag.clone()));
        entries.push((KEYS.workload, pod.facts.clone()));
        let value = Value::Map(Arc::new(Map::new(entries)));
        let origin = self.origin(pod, list, at, effective.from_pod, parts);
        Subject { resource, element: Some(element), value, origin: Some(origin) }
    }

    fn effective(&mut self, pod: &Pod<'_>, container: &Value) -> Effective {
        self.merge(container, pod.spec.get(KEYS.security_context))
    }

    fn merge(&mut self, container: &Value, pod: Option<&Value>) -> Effective {
        let own = get(container, KEYS.security_context);
        let (Some(Value::Map(pod_map)), None | Some(Value::Null | Value::Map(_))) = (pod, own) else {
            return merge(own, pod);
        };
        let own_address = own.and_then(Value::as_map).map_or(0, |map| std::ptr::from_ref(map) as usize);
        let key = (own_address, Arc::as_ptr(pod_map) as usize);
        self.merged.entry(key).or_insert_with(|| merge(own, pod)).clone()
    }

    // `own_parts` are what this container has of its own.
    fn origin(
        &mut self,
        pod: &Pod<'_>,
        list: List,
        at: usize,
        from_pod: u16,
        own_parts: Vec<OriginPart>,
    ) -> Arc<Origin> {
        let key = (pod.template.kind, list, at, from_pod);
        let make = || {
            let mut parts = facts_parts();
            parts.push(computed(&["container"], None));
            parts.extend(inherited_parts(pod.template, from_pod));
            let mut prefix = podspec_path(pod.template, &[]);
            prefix.extend([Step::Key(list.key()), Step::Index(at)]);
            Arc::new(Layout { prefix, parts })
        };
        let layout = Some(Arc::clone(self.layouts.entry(key).or_insert_with(make)));
        let place = pod.object.place.clone();
        if pod.source.is_none() && place.is_none() && own_parts.is_empty() {
            let make = || Arc::new(Origin { layout, ..Origin::default() });
            return Arc::clone(self.origins.entry(key).or_insert_with(make));
        }
        Arc::new(Origin { layout, parts: own_parts, source: pod.source.clone(), place, ..Origin::default() })
    }
}

fn merge(own: Option<&Value>, pod: Option<&Value>) -> Effective {
    let unchanged = Effective { value: own.cloned(), from_pod: 0 };
    let own = match own {
        None | Some(Value::Null) => None,
        Some(Value::Map(map)) => Some(map),
        // Nothing to merge into; what it is stays visible.
        Some(_) => return unchanged,
    };
    let written =
        |map: Option<&Map>, key: Symbol| map.and_then(|map| map.get(key)).filter(|v| **v != Value::Null).cloned();
    let (pod, unknown) = match pod {
        None | Some(Value::Null) => return unchanged,
        Some(Value::Map(map)) => (Some(&**map), None),
        Some(Value::Unknown(why)) => (None, Some(why.clone())),
        Some(other) => (None, Some(format!("expected a security context of the pod, found {}", other.kind()).into())),
    };
    let given = |key: Symbol| match &unknown {
        Some(why) => Some(Value::Unknown(why.clone())),
        None => written(pod, key),
    };
    let own = own.map(|map| &**map);
    let mut entries: Vec<(Symbol, Value)> = Vec::new();
    let mut from_pod = 0;
    for (bit, key) in INHERITED_KEYS.iter().enumerate() {
        if written(own, *key).is_none()
            && let Some(value) = given(*key)
        {
            entries.push((*key, value));
            from_pod |= 1 << bit;
        }
    }
    match (written(own, KEYS.windows_options), given(KEYS.windows_options)) {
        (Some(Value::Map(options)), Some(Value::Map(given))) => {
            let mut merged: Vec<(Symbol, Value)> = options.iter().map(|(key, value)| (key, value.clone())).collect();
            for (bit, key) in WINDOWS_KEYS.iter().enumerate() {
                if written(Some(&options), *key).is_none()
                    && let Some(value) = written(Some(&given), *key)
                {
                    merged.push((*key, value));
                    from_pod |= 1 << (INHERITED.len() + 1 + bit);
                }
            }
            entries.push((KEYS.windows_options, Value::Map(Arc::new(Map::new(merged)))));
        }
        (None, Some(given)) => {
            entries.push((KEYS.windows_options, given));
            from_pod |= 1 << INHERITED.len();
        }
        _ => {}
    }
    if from_pod == 0 {
        return unchanged;
    }
    let own_entries = own.into_iter().flat_map(Map::iter).map(|(key, value)| (key, value.clone()));
    let all = own_entries.chain(entries).collect();
    Effective { value: Some(Value::Map(Arc::new(Map::new(all)))), from_pod }
}

fn inherited_parts(template: &Template, from_pod: u16) -> Vec<OriginPart> {
    let whole = INHERITED.iter().chain(["windowsOptions"].iter()).map(|field| vec!["securityContext", field]);
    let windows = INHERITED_WINDOWS.iter().map(|field| vec!["securityContext", "windowsOptions", field]);
    whole
        .chain(windows)
        .enumerate()
        .filter(|(bit, _)| from_pod & (1 << bit) != 0)
        .map(|(_, path)| OriginPart {
            view: keys(&path),
            real: Some(podspec_path(template, &path)),
            source: Some("security context of the pod".into()),
        })
        .collect()
}

// The profile of an annotation, where no field names one, with the path of the annotation.
fn app_armor_annotation(pod: &Pod<'_>, name: &str, context: Option<&Value>) -> Option<(Vec<Step>, Value)> {
    if context.and_then(|context| get(context, KEYS.app_armor_profile)).is_some_and(|profile| *profile != Value::Null) {
        return None;
    }
    if !matches!(context, None | Some(Value::Null | Value::Map(_))) {
        return None;
    }
    let metadata = pod.object.value.at(pod.template.metadata)?;
    let annotations = get(metadata, KEYS.annotations)?.as_map()?;
    let (key, value) = annotations.iter().find(|(key, _)| key.as_str().strip_prefix(APP_ARMOR) == Some(name))?;
    let profile = match value.as_str() {
        Some("runtime/default") => Value::map([("type", Value::str("RuntimeDefault"))]),
        Some("unconfined") => Value::map([("type", Value::str("Unconfined"))]),
        Some(text) => match text.strip_prefix("localhost/") {
            Some(profile) => Value::map([("type", Value::str("Localhost")), ("localhostProfile", Value::str(profile))]),
            None => Value::unknown(format!("\"{text}\" is no AppArmor profile")),
        },
        None => Value::unknown(format!("expected the name of an AppArmor profile, found {}", value.kind())),
    };
    let mut path = keys(pod.template.metadata);
    path.extend([Step::Key(KEYS.annotations), Step::Key(key)]);
    Some((path, profile))
}

fn annotation_part(pod: &Pod<'_>, real: Vec<Step>) -> OriginPart {
    OriginPart {
        view: keys(&["securityContext", "appArmorProfile"]),
        real: Some(real),
        source: Some(pod.source.as_ref().map_or("annotation".into(), |pod| format!("annotation, {pod}").into())),
    }
}

// The ports of a container on the network of its node, each with the host port that the API server fills in, and where those
// come from; none if there is nothing to fill in.
fn host_ports(pod: &Pod<'_>, list: List, at: usize, container: &Map) -> Option<(Value, Vec<OriginPart>)> {
    if pod.spec.get(KEYS.host_network) != Some(&Value::Bool(true)) {
        return None;
    }
    let Some(Value::List(ports)) = container.get(KEYS.ports) else { return None };
    let mut parts = Vec::new();
    let mut filled = Vec::with_capacity(ports.len());
    for (n, port) in ports.iter().enumerate() {
        let given = get(port, KEYS.host_port).is_some_and(|given| !matches!(given, Value::Null | Value::Int(0)));
        match get(port, KEYS.container_port).filter(|_| !given) {
            None => filled.push(port.clone()),
            Some(own) => {
                filled.push(with_entry(Some(port), KEYS.host_port, own.clone()));
                let mut real = podspec_path(pod.template, &[]);
                let below = [KEYS.ports, KEYS.container_port];
                real.extend([
                    Step::Key(list.key()),
                    Step::Index(at),
                    Step::Key(below[0]),
                    Step::Index(n),
                    Step::Key(below[1]),
                ]);
                parts.push(OriginPart {
                    view: vec![Step::Key(KEYS.ports), Step::Index(n), Step::Key(KEYS.host_port)],
                    real: Some(real),
                    source: Some("the pod is on the network of its node".into()),
                });
            }
        }
    }
    (!parts.is_empty()).then(|| (Value::list(filled), parts))
}

fn with_entry(map: Option<&Value>, key: Symbol, value: Value) -> Value {
    let entries = map.and_then(Value::as_map).into_iter().flat_map(Map::iter).map(|(key, value)| (key, value.clone()));
    Value::Map(Arc::new(Map::new(entries.chain([(key, value)]).collect())))
}

fn bare(container: &Value) -> Value {
    match container {
        Value::Map(map) => Value::Map(Arc::new(Map::new(
            map.iter()
                .filter(|(key, _)| *key != KEYS.security_context)
                .map(|(key, value)| (key, value.clone()))
                .collect(),
        ))),
        other => other.clone(),
    }
}

fn same_effective(a: Option<Value>, b: &Option<Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(&a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}
