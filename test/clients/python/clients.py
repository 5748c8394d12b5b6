"""The public `kubernetes` package against the cluster that KUBECONFIG names.

Runs the conversations of one group, each in a namespace of its own, prints the names of those that went well, and says on
stderr what went wrong with the others.
"""

import json
import os
import sys
import tempfile
import threading
import time
import traceback

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, ResourceNotFoundError
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

POD = {"containers": [{"name": "main", "image": "main:1"}]}
GROUPS = {}


def conversation(group):
    """Registers a function that gets the name of a namespace of its own."""

    def register(function):
        GROUPS.setdefault(group, []).append(function)
        return function

    return register


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def refused(call, code, reason, text):
    """Calls, and fails unless the server refuses with such a Status."""
    try:
        call()
    except ApiException as error:
        status = json.loads(error.body)
        check((error.status, status["reason"]) == (code, reason) and text in status["message"], status)
        return status
    raise AssertionError(f"must be refused: {text}")


def config_map(name, data=None, **labels):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data or {})


def deployment(name, replicas=0):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": POD}},
    }


@conversation("typed")
def verbs(namespace):
    api = client.CoreV1Api()
    made = api.create_namespaced_config_map(namespace, config_map("plain", {"a": "1"}, set="one"))
    read = api.read_namespaced_config_map("plain", namespace)
    check(made == read, "what was made is read")
    read.data["a"] = "2"
    replaced = api.replace_namespaced_config_map("plain", namespace, read)
    check(replaced.data == {"a": "2"}, replaced.data)
    refused(lambda: api.replace_namespaced_config_map("plain", namespace, read), 409, "Conflict", "the object has been modified")
    listed = api.list_config_map_for_all_namespaces(label_selector="set=one", field_selector=f"metadata.namespace={namespace}")
    check([item.metadata.name for item in listed.items] == ["plain"], listed.items)
    status = api.delete_namespaced_config_map("plain", namespace, propagation_policy="Background")
    check((status if isinstance(status, dict) else status.to_dict())["status"] == "Success", status)
    refused(lambda: api.read_namespaced_config_map("plain", namespace), 404, "NotFound", 'configmaps "plain" not found')
    for name in ("x", "y"):
        api.create_namespaced_config_map(namespace, config_map(name, set="many"))
    api.delete_collection_namespaced_config_map(namespace, label_selector="set=many")
    check(api.list_namespaced_config_map(namespace, label_selector="set=many").items == [], "a collection is gone")


@conversation("typed")
def pages(namespace):
    api = client.CoreV1Api()
    for n in range(5):
        api.create_namespaced_config_map(namespace, config_map(f"page-{n}"))
    names, token, calls = [], None, 0
    while calls == 0 or token:
        page = api.list_namespaced_config_map(namespace, limit=2, _continue=token)
        names += [item.metadata.name for item in page.items]
        token, calls = page.metadata._continue, calls + 1
    check(calls == 3 and names == [f"page-{n}" for n in range(5)], names)


@conversation("typed")
def patches(namespace):
    api = client.AppsV1Api()
    api.create_namespaced_deployment(namespace, deployment("patched"))

    def containers(patch, **options):
        patched = api.patch_namespaced_deployment("patched", namespace, patch, **options)
        return {c.name: c.image for c in patched.spec.template.spec.containers}

    def pod_of(*list_of):
        return {"spec": {"template": {"spec": {"containers": [{"name": n, "image": i} for n, i in list_of]}}}}

    image = "/spec/template/spec/containers/0/image"
    check(containers([{"op": "replace", "path": image, "value": "main:2"}]) == {"main": "main:2"}, "JSON patch")
    check(containers(pod_of(("side", "side:1"))) == {"main": "main:2", "side": "side:1"}, "strategic merge patch")
    applied = api.patch_namespaced_deployment(
        "patched",
        namespace,
        {"apiVersion": "apps/v1", "kind": "Deployment", **pod_of(("main", "main:3"))},
        field_manager="applier",
        force=True,
        _content_type="application/apply-patch+yaml",
    )
    check({c.name: c.image for c in applied.spec.template.spec.containers} == {"side": "side:1", "main": "main:3"}, "apply")
    check("applier" in [f.manager for f in applied.metadata.managed_fields], "its manager")
    merged = containers(pod_of(("side", "side:2")), _content_type="application/merge-patch+json")
    check(merged == {"side": "side:2"}, f"merge patch: {merged}")


@conversation("typed")
def subresources(namespace):
    apps, core = client.AppsV1Api(), client.CoreV1Api()
    apps.create_namespaced_deployment(namespace, deployment("scaled"))
    scale = apps.read_namespaced_deployment_scale("scaled", namespace)
    scale.spec.replicas = 3
    check(apps.replace_namespaced_deployment_scale("scaled", namespace, scale).spec.replicas == 3, "scale")
    status = {"status": {"observedGeneration": 2}}
    check(apps.patch_namespaced_deployment_status("scaled", namespace, status).status.observed_generation == 2, "status")
    core.create_namespaced_pod(namespace, {"metadata": {"name": "bound"}, "spec": POD})
    target = client.V1ObjectReference(kind="Node", name="somewhere")
    body = client.V1Binding(metadata=client.V1ObjectMeta(name="bound"), target=target)
    # the answer is a Status, not the Binding that the description promises
    core.create_namespaced_pod_binding("bound", namespace, body, _preload_content=False)
    on_node = core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName=somewhere,metadata.namespace={namespace}")
    check([pod.metadata.name for pod in on_node.items] == ["bound"], "bound")
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name="bound"), delete_options=client.V1DeleteOptions(grace_period_seconds=9))
    core.create_namespaced_pod_eviction("bound", namespace, eviction)
    check(core.read_namespaced_pod("bound", namespace).metadata.deletion_grace_period_seconds == 9, "evicted")
    core.delete_namespaced_pod("bound", namespace, grace_period_seconds=0)


@conversation("typed")
def tokens(namespace):
    core = client.CoreV1Api()
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=3600))
    token = core.create_namespaced_service_account_token("default", namespace, request).status.token
    settings = client.Configuration.get_default_copy()
    settings.cert_file = settings.key_file = None
    settings.api_key = {"authorization": f"Bearer {token}"}
    own = client.ApiClient(settings)
    user = client.AuthenticationV1Api(own).create_self_subject_review({}).status.user_info
    check(user.username == f"system:serviceaccount:{namespace}:default", user)
    refused(lambda: client.CoreV1Api(own).list_namespaced_secret(namespace), 403, "Forbidden", 'cannot list resource "secrets"')


@conversation("typed")
def refusals(namespace):
    core = client.CoreV1Api()
    wrong = {"metadata": {"name": "Wrong"}, "spec": {"containers": []}}
    status = refused(lambda: core.create_namespaced_pod(namespace, wrong), 422, "Invalid", "spec.containers: Required value")
    check([cause["field"] for cause in status["details"]["causes"]] == ["metadata.name", "spec.containers"], status)
    place = ("apps", "v1", namespace, "deployments", {**deployment("strict"), "spc": {}})
    strict = lambda: client.CustomObjectsApi().create_namespaced_custom_object(*place, field_validation="Strict")
    refused(strict, 400, "BadRequest", 'unknown field "spc"')
    core.create_namespaced_config_map(namespace, config_map("dry"), dry_run="All")
    refused(lambda: core.read_namespaced_config_map("dry", namespace), 404, "NotFound", "not found")


@conversation("watch")
def watches(namespace):
    core = client.CoreV1Api()
    since = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("seen"))
    core.patch_namespaced_config_map("seen", namespace, {"data": {"a": "b"}})
    core.delete_namespaced_config_map("seen", namespace)
    events = []
    stream = watch.Watch()
    select = {"field_selector": "metadata.name=seen", "resource_version": since, "timeout_seconds": 20}
    for event in stream.stream(core.list_namespaced_config_map, namespace, **select):
        events.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            stream.stop()
    check(events == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")], events)


@conversation("watch")
def leader(namespace):
    led = []

    def candidate(name):
        settings = electionconfig.Config(
            ConfigMapLock("leader", namespace, name),
            lease_duration=3,
            renew_deadline=2,
            retry_period=1,
            onstarted_leading=lambda: led.append(name),
            onstopped_leading=lambda: None,
        )
        threading.Thread(target=leaderelection.LeaderElection(settings).run, daemon=True).start()

    def record():
        lock = client.CoreV1Api().read_namespaced_config_map("leader", namespace)
        return json.loads(lock.metadata.annotations["control-plane.alpha.kubernetes.io/leader"])

    candidate("first")
    wait("a leader", lambda: led == ["first"])
    elected = record()
    check(elected["holderIdentity"] == "first", elected)
    candidate("second")
    wait("it is renewed", lambda: record()["renewTime"] > elected["renewTime"])
    check(led == ["first"], led)


def wait(what, holds):
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not in time: {what}")


@conversation("dynamic")
def untyped(namespace):
    found = dynamic.DynamicClient(client.ApiClient(), cache_file=os.path.join(tempfile.mkdtemp(), "cache"))
    api = found.resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dynamic", "labels": {"form": "dynamic"}}, "data": {"key": "1"}}
    made = api.create(body=body, namespace=namespace)
    body["data"]["key"] = "2"
    try:
        api.server_side_apply(body=body, name="dynamic", namespace=namespace, field_manager="other")
        raise AssertionError("must conflict")
    except ConflictError as error:
        check(".data.key" in error.summary(), error.summary())
    applied = api.server_side_apply(body=body, name="dynamic", namespace=namespace, field_manager="other", force_conflicts=True)
    check(applied.data.key == "2" and applied.metadata.resourceVersion != made.metadata.resourceVersion, applied)
    patched = api.patch(body={"data": {"key": None}}, name="dynamic", namespace=namespace, content_type="application/merge-patch+json")
    check(patched.data is None or "key" not in patched.data.to_dict(), patched)
    replaced = api.replace(body=body, name="dynamic", namespace=namespace)
    check(replaced.data.key == "2", replaced)
    check([item.metadata.name for item in api.get(namespace=namespace, label_selector="form=dynamic").items] == ["dynamic"], "list")
    first = next(iter(api.watch(namespace=namespace, name="dynamic", timeout=5)))
    check((first["type"], first["object"].metadata.name) == ("ADDED", "dynamic"), first)
    deployments = found.resources.get(api_version="apps/v1", kind="Deployment")
    deployments.create(body=deployment("scaled"), namespace=namespace)
    scale = {"spec": {"replicas": 2}}
    scaled = deployments.scale.patch(body=scale, name="scaled", namespace=namespace, content_type="application/merge-patch+json")
    check(scaled.spec.replicas == 2, scaled)
    api.delete(name="dynamic", namespace=namespace)
    try:
        api.get(name="dynamic", namespace=namespace)
        raise AssertionError("must be gone")
    except NotFoundError as error:
        check(json.loads(error.body)["message"] == 'configmaps "dynamic" not found', error.body)
    try:
        found.resources.get(api_version="example.com/v1", kind="Thing")
        raise AssertionError("must be unknown")
    except ResourceNotFoundError:
        pass


@conversation("dynamic")
def custom_objects(namespace):
    """Objects without classes, through the client that is meant for custom resources."""
    api = client.CustomObjectsApi()
    place = ("apps", "v1", namespace, "deployments")
    api.create_namespaced_custom_object(*place, deployment("custom"))
    listed = api.list_namespaced_custom_object(*place)
    check([item["metadata"]["name"] for item in listed["items"]] == ["custom"], listed)
    patch = {"spec": {"replicas": 2}}
    check(api.patch_namespaced_custom_object(*place, "custom", patch)["spec"]["replicas"] == 2, "patch")
    scale = api.get_namespaced_custom_object_scale(*place, "custom")
    check(scale["spec"]["replicas"] == 2, scale)
    status = api.patch_namespaced_custom_object_status(*place, "custom", {"status": {"observedGeneration": 1}})
    check(status["status"]["observedGeneration"] == 1, status)
    check(api.delete_namespaced_custom_object(*place, "custom")["kind"] in ("Status", "Deployment"), "delete")


MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "main:1"}]}}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}
"""


@conversation("files")
def create_from_yaml(namespace):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "all.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(MANIFEST)
        utils.create_from_yaml(client.ApiClient(), path, namespace=namespace)
        try:
            utils.create_from_yaml(client.ApiClient(), path, namespace=namespace)
            raise AssertionError("must be there already")
        except utils.FailToCreateError as error:
            check({e.status for e in error.api_exceptions} == {409}, error)
        utils.create_from_yaml(client.ApiClient(), path, namespace=namespace, apply=True)
    check([job.metadata.name for job in client.BatchV1Api().list_namespaced_cron_job(namespace).items] == ["nightly"], "a job")
    maps = {item.metadata.name for item in client.CoreV1Api().list_namespaced_config_map(namespace).items}
    check({"one", "two"} <= maps, maps)


@conversation("files")
def discovery(namespace):
    del namespace
    check(client.VersionApi().get_code().git_version.startswith("v1.36."), "version")
    groups = {group.name for group in client.ApisApi().get_api_versions().groups}
    check({"apps", "batch", "networking.k8s.io", "resource.k8s.io"} <= groups, groups)
    names = {resource.name for resource in client.CoreV1Api().get_api_resources().resources}
    check({"pods", "pods/log", "serviceaccounts/token"} <= names, names)
    issuer = client.WellKnownApi().get_service_account_issuer_open_id_configuration()
    check("jwks_uri" in str(issuer), issuer)
    check("keys" in str(client.OpenidApi().get_service_account_issuer_open_id_keyset()), "keys")


def main(group):
    config.load_kube_config(os.environ["KUBECONFIG"])
    core = client.CoreV1Api()
    failed = False
    for function in GROUPS[group]:
        namespace = "python-" + function.__name__.replace("_", "-")
        try:
            core.create_namespace({"metadata": {"name": namespace}})
            # no controller makes it
            core.create_namespaced_service_account(namespace, {"metadata": {"name": "default"}})
            function(namespace)
            print(function.__name__)
        except Exception:  # whatever it is, the others have their turn
            failed = True
            print(function.__name__, traceback.format_exc(), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
