package main

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
)

var typedConversations = []conversation{
	{"verbs in protobuf", func(s *session) error { return verbs(s, s.typed) }},
	{"verbs in JSON", func(s *session) error { return verbs(s, s.plain) }},
	{"one object in both encodings", bothEncodings},
	{"patches of every type", patches},
	{"retry on conflict", retryOnConflict},
	{"refusals", refusals},
	{"pagination", pagination},
	{"a dry run", dryRun},
	{"a generated name", generatedName},
}

// verbs goes through the life of an object and of a collection.
func verbs(s *session, client kubernetes.Interface) error {
	api := client.CoreV1().ConfigMaps(s.namespace)
	made, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta("plain", "set", "one"), Data: map[string]string{"a": "1"}, BinaryData: map[string][]byte{"b": {0, 255}}}, metav1.CreateOptions{FieldManager: "clients"})
	if err != nil {
		return err
	}
	read, err := api.Get(s.ctx, "plain", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := check(apiequality.Semantic.DeepEqual(made, read), "read %v, made %v", read, made); err != nil {
		return err
	}
	if err := check(len(read.ManagedFields) == 1 && read.ManagedFields[0].Manager == "clients", "managed fields %v", read.ManagedFields); err != nil {
		return err
	}
	changed := read.DeepCopy()
	changed.Data["a"] = "2"
	if changed, err = api.Update(s.ctx, changed, metav1.UpdateOptions{}); err != nil {
		return err
	}
	_, err = api.Update(s.ctx, read, metav1.UpdateOptions{})
	if err := refused(err, apierrors.IsConflict, "the object has been modified; please apply your changes to the latest version and try again"); err != nil {
		return err
	}
	list, err := api.List(s.ctx, metav1.ListOptions{LabelSelector: "set=one", FieldSelector: "metadata.name=plain"})
	if err != nil {
		return err
	}
	if err := check(len(list.Items) == 1 && list.Items[0].ResourceVersion == changed.ResourceVersion, "list %v", list.Items); err != nil {
		return err
	}
	uid := types.UID("00000000-0000-4000-8000-000000000000")
	err = api.Delete(s.ctx, "plain", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err := refused(err, apierrors.IsConflict, "the UID in the precondition"); err != nil {
		return err
	}
	if err := api.Delete(s.ctx, "plain", metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}); err != nil {
		return err
	}
	_, err = api.Get(s.ctx, "plain", metav1.GetOptions{})
	if err := refused(err, apierrors.IsNotFound, `configmaps "plain" not found`); err != nil {
		return err
	}
	for _, name := range []string{"x", "y"} {
		if _, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta(name, "set", "many")}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	if err := api.DeleteCollection(s.ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "set=many"}); err != nil {
		return err
	}
	list, err = api.List(s.ctx, metav1.ListOptions{LabelSelector: "set=many"})
	if err != nil {
		return err
	}
	return check(len(list.Items) == 0, "left: %v", list.Items)
}

// bothEncodings reads in one encoding what was written in the other.
func bothEncodings(s *session) error {
	deployment := &appsv1.Deployment{ObjectMeta: meta("both"), Spec: appsv1.DeploymentSpec{
		Replicas: ptr.To[int32](0),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "both"}},
		Template: corev1.PodTemplateSpec{ObjectMeta: meta("", "app", "both"), Spec: podSpec()},
	}}
	made, err := s.typed.AppsV1().Deployments(s.namespace).Create(s.ctx, deployment, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	read, err := s.plain.AppsV1().Deployments(s.namespace).Get(s.ctx, "both", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return check(apiequality.Semantic.DeepEqual(made, read), "protobuf %v, JSON %v", made, read)
}

func patches(s *session) error {
	api := s.typed.AppsV1().Deployments(s.namespace)
	deployment := &appsv1.Deployment{ObjectMeta: meta("patched"), Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "patched"}},
		Template: corev1.PodTemplateSpec{ObjectMeta: meta("", "app", "patched"), Spec: podSpec()},
	}}
	if _, err := api.Create(s.ctx, deployment, metav1.CreateOptions{}); err != nil {
		return err
	}
	for _, step := range []struct {
		kind  types.PatchType
		patch string
		want  string
	}{
		{types.JSONPatchType, `[{"op":"test","path":"/spec/replicas","value":1},{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"main:2"}]`, "[main=main:2]"},
		{types.StrategicMergePatchType, `{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:1"}]}}}}`, "[side=side:1 main=main:2]"},
		{types.MergePatchType, `{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:2"}]}}}}`, "[side=side:2]"},
		{types.ApplyPatchType, `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":"main","image":"main:3"}]}}}}`, "[side=side:2 main=main:3]"},
	} {
		options := metav1.PatchOptions{}
		if step.kind == types.ApplyPatchType {
			options = metav1.PatchOptions{FieldManager: "applier", Force: ptr.To(true)}
		}
		patched, err := api.Patch(s.ctx, "patched", step.kind, []byte(step.patch), options)
		if err != nil {
			return fmt.Errorf("%s: %w", step.kind, err)
		}
		images := []string{}
		for _, c := range patched.Spec.Template.Spec.Containers {
			images = append(images, c.Name+"="+c.Image)
		}
		if err := check(fmt.Sprint(images) == step.want, "%s: %v, not %s", step.kind, images, step.want); err != nil {
			return err
		}
	}
	_, err := api.Patch(s.ctx, "patched", types.JSONPatchType, []byte(`[{"op":"test","path":"/spec/replicas","value":7}]`), metav1.PatchOptions{})
	return refused(err, apierrors.IsInvalid, "the server rejected our request due to an error in our request")
}

// retryOnConflict counts up from several sides at once.
func retryOnConflict(s *session) error {
	api := s.typed.CoreV1().ConfigMaps(s.namespace)
	if _, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta("counter"), Data: map[string]string{"n": "0"}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	const sides = 5
	done := make(chan error, sides)
	backoff := retry.DefaultBackoff
	backoff.Steps = 50
	for range sides {
		go func() {
			done <- retry.RetryOnConflict(backoff, func() error {
				object, err := api.Get(s.ctx, "counter", metav1.GetOptions{})
				if err != nil {
					return err
				}
				var n int
				if err := json.Unmarshal([]byte(object.Data["n"]), &n); err != nil {
					return err
				}
				object.Data["n"] = fmt.Sprint(n + 1)
				_, err = api.Update(s.ctx, object, metav1.UpdateOptions{})
				return err
			})
		}()
	}
	for range sides {
		if err := <-done; err != nil {
			return err
		}
	}
	object, err := api.Get(s.ctx, "counter", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return check(object.Data["n"] == fmt.Sprint(sides), "counted %s", object.Data["n"])
}

// refusals come as protobuf too.
func refusals(s *session) error {
	pods := s.typed.CoreV1().Pods(s.namespace)
	_, err := pods.Create(s.ctx, &corev1.Pod{ObjectMeta: meta("Wrong")}, metav1.CreateOptions{})
	if err := refused(err, apierrors.IsInvalid, "spec.containers: Required value"); err != nil {
		return err
	}
	status, ok := err.(apierrors.APIStatus)
	if err := check(ok && len(status.Status().Details.Causes) >= 2 && status.Status().Details.Kind == "Pod", "no causes: %v", err); err != nil {
		return err
	}
	if _, err := pods.Create(s.ctx, podOf("twice"), metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err = pods.Create(s.ctx, podOf("twice"), metav1.CreateOptions{})
	if err := refused(err, apierrors.IsAlreadyExists, `pods "twice" already exists`); err != nil {
		return err
	}
	_, err = pods.List(s.ctx, metav1.ListOptions{FieldSelector: "spec.image=x"})
	if err := refused(err, apierrors.IsBadRequest, "field label not supported: spec.image"); err != nil {
		return err
	}
	_, err = pods.List(s.ctx, metav1.ListOptions{Continue: "nonsense"})
	return refused(err, apierrors.IsBadRequest, "continue key is not valid")
}

func pagination(s *session) error {
	api := s.typed.CoreV1().ConfigMaps(s.namespace)
	for i := range 7 {
		if _, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta(fmt.Sprintf("page-%d", i))}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	calls, names := 0, []string{}
	p := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		calls++
		return api.List(ctx, options)
	})
	p.PageSize = 3
	err := p.EachListItem(s.ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		names = append(names, object.(*corev1.ConfigMap).Name)
		return nil
	})
	if err != nil {
		return err
	}
	if err := check(calls == 3 && len(names) == 7 && names[6] == "page-6", "%d calls: %v", calls, names); err != nil {
		return err
	}
	first, err := api.List(s.ctx, metav1.ListOptions{Limit: 3})
	if err != nil {
		return err
	}
	return check(first.RemainingItemCount != nil && *first.RemainingItemCount == 4, "remaining %v", first.RemainingItemCount)
}

func dryRun(s *session) error {
	api := s.typed.CoreV1().Pods(s.namespace)
	made, err := api.Create(s.ctx, podOf("dry"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err
	}
	if err := check(made.UID != "" && made.Spec.ServiceAccountName == "default", "not filled in: %v", made); err != nil {
		return err
	}
	_, err = api.Get(s.ctx, "dry", metav1.GetOptions{})
	return refused(err, apierrors.IsNotFound, "not found")
}

func generatedName(s *session) error {
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "some-"}}
	made, err := s.typed.CoreV1().ConfigMaps(s.namespace).Create(s.ctx, object, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return check(len(made.Name) == len("some-")+5, "name %q", made.Name)
}
