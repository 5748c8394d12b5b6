package main

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	autoscalingapply "k8s.io/client-go/applyconfigurations/autoscaling/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/utils/ptr"
)

var subresourceConversations = []conversation{
	{"status and scale", statusAndScale},
	{"scale client", scaleClient},
	{"binding and eviction", bindingAndEviction},
	{"ephemeral containers and resize", ephemeralAndResize},
	{"a token and what it may do", tokens},
	{"impersonation", impersonation},
	{"finalizing a namespace", finalize},
}

func scaleConfiguration(replicas int32) *autoscalingapply.ScaleApplyConfiguration {
	return autoscalingapply.Scale().WithSpec(autoscalingapply.ScaleSpec().WithReplicas(replicas))
}

func statefulSet(name string) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{ObjectMeta: meta(name), Spec: appsv1.StatefulSetSpec{
		Replicas: ptr.To[int32](1),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
		Template: corev1.PodTemplateSpec{ObjectMeta: meta("", "app", name), Spec: podSpec()},
	}}
}

func statusAndScale(s *session) error {
	api := s.typed.AppsV1().StatefulSets(s.namespace)
	set, err := api.Create(s.ctx, statefulSet("scaled"), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	current, err := api.GetScale(s.ctx, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := check(current.Spec.Replicas == 1 && current.Status.Selector == "app=scaled", "scale %v", current); err != nil {
		return err
	}
	current.Spec.Replicas = 4
	if _, err := api.UpdateScale(s.ctx, "scaled", current, metav1.UpdateOptions{}); err != nil {
		return err
	}
	set.Status.Replicas, set.Status.ReadyReplicas = 1, 1
	_, err = api.UpdateStatus(s.ctx, set, metav1.UpdateOptions{})
	if err := refused(err, apierrors.IsConflict, "the object has been modified"); err != nil {
		return err
	}
	if set, err = api.Get(s.ctx, "scaled", metav1.GetOptions{}); err != nil {
		return err
	}
	if err := check(*set.Spec.Replicas == 4 && set.Generation == 2, "spec %v", set.Spec); err != nil {
		return err
	}
	set.Status.Replicas, set.Spec.Replicas = 2, ptr.To[int32](9)
	if set, err = api.UpdateStatus(s.ctx, set, metav1.UpdateOptions{}); err != nil {
		return err
	}
	return check(set.Status.Replicas == 2 && *set.Spec.Replicas == 4, "a status write changed the spec: %v", set)
}

// scaleClient knows the resources by discovery, as autoscalers do.
func scaleClient(s *session) error {
	if _, err := s.typed.AppsV1().StatefulSets(s.namespace).Create(s.ctx, statefulSet("elastic"), metav1.CreateOptions{}); err != nil {
		return err
	}
	cached := memory.NewMemCacheClient(s.typed.Discovery())
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cached)
	scales, err := scale.NewForConfig(s.config, mapper, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(cached))
	if err != nil {
		return err
	}
	resource := schema.GroupResource{Group: "apps", Resource: "statefulsets"}
	object, err := scales.Scales(s.namespace).Get(s.ctx, resource, "elastic", metav1.GetOptions{})
	if err != nil {
		return err
	}
	object.Spec.Replicas = 2
	if object, err = scales.Scales(s.namespace).Update(s.ctx, resource, object, metav1.UpdateOptions{}); err != nil {
		return err
	}
	object, err = scales.Scales(s.namespace).Patch(s.ctx, resource.WithVersion("v1"), "elastic", types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	return check(object.Spec.Replicas == 3, "scale %v", object.Spec)
}

func bindingAndEviction(s *session) error {
	pods := s.typed.CoreV1().Pods(s.namespace)
	if _, err := pods.Create(s.ctx, podOf("bound"), metav1.CreateOptions{}); err != nil {
		return err
	}
	binding := &corev1.Binding{ObjectMeta: meta("bound"), Target: corev1.ObjectReference{Kind: "Node", Name: "somewhere"}}
	if err := pods.Bind(s.ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	err := pods.Bind(s.ctx, binding, metav1.CreateOptions{})
	if err := refused(err, apierrors.IsConflict, "is already assigned to node"); err != nil {
		return err
	}
	list, err := pods.List(s.ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=somewhere,status.phase=Pending"})
	if err != nil {
		return err
	}
	if err := check(len(list.Items) == 1, "on the node: %v", list.Items); err != nil {
		return err
	}
	eviction := &policyv1.Eviction{ObjectMeta: meta("bound"), DeleteOptions: &metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](7)}}
	if err := pods.EvictV1(s.ctx, eviction); err != nil {
		return err
	}
	pod, err := pods.Get(s.ctx, "bound", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := check(pod.DeletionTimestamp != nil && *pod.DeletionGracePeriodSeconds == 7, "not evicted: %v", pod.ObjectMeta); err != nil {
		return err
	}
	return pods.Delete(s.ctx, "bound", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})
}

func ephemeralAndResize(s *session) error {
	pods := s.typed.CoreV1().Pods(s.namespace)
	pod := podOf("looked-into")
	amounts := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}
	pod.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: amounts, Limits: amounts}
	pod, err := pods.Create(s.ctx, pod, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debugger", Image: "debug:1"}}}
	if pod, err = pods.UpdateEphemeralContainers(s.ctx, "looked-into", pod, metav1.UpdateOptions{}); err != nil {
		return err
	}
	more := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200m")}
	pod.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: more, Limits: more}
	if pod, err = pods.UpdateResize(s.ctx, "looked-into", pod, metav1.UpdateOptions{}); err != nil {
		return err
	}
	cpu := pod.Spec.Containers[0].Resources.Requests.Cpu()
	return check(cpu.MilliValue() == 200 && len(pod.Spec.EphemeralContainers) == 1, "pod %v", pod.Spec)
}

// tokens works as a service account that may read one thing.
func tokens(s *session) error {
	core, rbac := s.typed.CoreV1(), s.typed.RbacV1()
	rule := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list"}}
	if _, err := rbac.Roles(s.namespace).Create(s.ctx, &rbacv1.Role{ObjectMeta: meta("reader"), Rules: []rbacv1.PolicyRule{rule}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	bound := &rbacv1.RoleBinding{
		ObjectMeta: meta("reader"),
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "default", Namespace: s.namespace}},
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "reader"},
	}
	if _, err := rbac.RoleBindings(s.namespace).Create(s.ctx, bound, metav1.CreateOptions{}); err != nil {
		return err
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3600)}}
	token, err := core.ServiceAccounts(s.namespace).CreateToken(s.ctx, "default", request, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	config := rest.AnonymousClientConfig(s.config)
	config.BearerToken = token.Status.Token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	self, err := client.AuthenticationV1().SelfSubjectReviews().Create(s.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	user := "system:serviceaccount:" + s.namespace + ":default"
	if err := check(self.Status.UserInfo.Username == user, "known as %v", self.Status.UserInfo); err != nil {
		return err
	}
	if _, err := client.CoreV1().ConfigMaps(s.namespace).List(s.ctx, metav1.ListOptions{}); err != nil {
		return err
	}
	_, err = client.CoreV1().Secrets(s.namespace).List(s.ctx, metav1.ListOptions{})
	if err := refused(err, apierrors.IsForbidden, fmt.Sprintf("User %q cannot list resource \"secrets\" in API group \"\" in the namespace %q", user, s.namespace)); err != nil {
		return err
	}
	attributes := &authorizationv1.ResourceAttributes{Namespace: s.namespace, Verb: "get", Resource: "configmaps"}
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes}}
	answer, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(s.ctx, review, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return check(answer.Status.Allowed, "review %v", answer.Status)
}

func impersonation(s *session) error {
	config := rest.CopyConfig(s.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "jane", UID: "7", Groups: []string{"developers"}, Extra: map[string][]string{"reason": {"a test"}}}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	self, err := client.AuthenticationV1().SelfSubjectReviews().Create(s.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	user := self.Status.UserInfo
	if err := check(user.Username == "jane" && user.UID == "7" && user.Extra["reason"][0] == "a test" && len(user.Groups) == 2, "known as %v", user); err != nil {
		return err
	}
	_, err = client.CoreV1().ConfigMaps(s.namespace).List(s.ctx, metav1.ListOptions{})
	return refused(err, apierrors.IsForbidden, `User "jane" cannot list resource "configmaps"`)
}

// finalize removes a namespace as its controller does.
func finalize(s *session) error {
	api := s.typed.CoreV1().Namespaces()
	if err := api.Delete(s.ctx, s.namespace, metav1.DeleteOptions{}); err != nil {
		return err
	}
	_, err := s.typed.CoreV1().ConfigMaps(s.namespace).Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta("late")}, metav1.CreateOptions{})
	if err := refused(err, apierrors.IsForbidden, "because it is being terminated"); err != nil {
		return err
	}
	if err := check(apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause), "no cause in %v", err); err != nil {
		return err
	}
	namespace, err := api.Get(s.ctx, s.namespace, metav1.GetOptions{})
	if err != nil {
		return err
	}
	namespace.Spec.Finalizers = nil
	if _, err := api.Finalize(s.ctx, namespace, metav1.UpdateOptions{}); err != nil {
		return err
	}
	_, err = api.Get(s.ctx, s.namespace, metav1.GetOptions{})
	return refused(err, apierrors.IsNotFound, "not found")
}
