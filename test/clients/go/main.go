// A program as operators are written: client-go in all its forms against the cluster that KUBECONFIG names. It runs the
// conversations of one group, each in a namespace of its own, prints the names of those that went well, and says on stderr what
// went wrong with the others.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// session is what a conversation has: clients of every form and a namespace.
type session struct {
	ctx       context.Context
	namespace string
	// typed asks for protobuf, plain for JSON
	config       *rest.Config
	typed, plain kubernetes.Interface
	dynamic      dynamic.Interface
	metadata     metadata.Interface
}

type conversation struct {
	name string
	run  func(*session) error
}

var groups = map[string][]conversation{
	"typed":        typedConversations,
	"untyped":      untypedConversations,
	"watch":        watchConversations,
	"apply":        applyConversations,
	"subresources": subresourceConversations,
	"discovery":    discoveryConversations,
}

func main() {
	conversations := groups[os.Args[len(os.Args)-1]]
	if len(conversations) == 0 {
		fmt.Fprintf(os.Stderr, "usage: clients GROUP, one of %v\n", slices.Sorted(maps.Keys(groups)))
		os.Exit(2)
	}
	failed := false
	for _, c := range conversations {
		if err := run(c); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", c.name, err)
			failed = true
			continue
		}
		fmt.Println(c.name)
	}
	if failed {
		os.Exit(1)
	}
}

func run(c conversation) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := open(ctx, "go-"+strings.ToLower(strings.ReplaceAll(c.name, " ", "-")))
	if err != nil {
		return err
	}
	return c.run(s)
}

func open(ctx context.Context, namespace string) (*session, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 1000, 1000
	protobuf := rest.CopyConfig(config)
	protobuf.ContentType = "application/vnd.kubernetes.protobuf"
	protobuf.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	s := &session{ctx: ctx, namespace: namespace, config: config}
	if s.typed, err = kubernetes.NewForConfig(protobuf); err != nil {
		return nil, err
	}
	if s.plain, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if s.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	if s.metadata, err = metadata.NewForConfig(metadata.ConfigFor(config)); err != nil {
		return nil, err
	}
	if _, err = s.typed.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	// no controller makes it
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, err = s.typed.CoreV1().ServiceAccounts(namespace).Create(ctx, account, metav1.CreateOptions{})
	return s, err
}

// check fails with what was expected unless it holds.
func check(holds bool, format string, args ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// refused fails unless err is a refusal that is told by `is`.
func refused(err error, is func(error) bool, text string) error {
	if err == nil {
		return fmt.Errorf("must be refused: %s", text)
	}
	if !is(err) || !strings.Contains(err.Error(), text) {
		return fmt.Errorf("refused as %q (%s), not with %q", err, apierrors.ReasonForError(err), text)
	}
	return nil
}

func meta(name string, labels ...string) metav1.ObjectMeta {
	m := metav1.ObjectMeta{Name: name}
	for i := 0; i+1 < len(labels); i += 2 {
		metav1.SetMetaDataLabel(&m, labels[i], labels[i+1])
	}
	return m
}

func podOf(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: meta(name, "app", name), Spec: podSpec()}
}

func podSpec() corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "main:1"}}}
}
