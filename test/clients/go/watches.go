package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/utils/ptr"
)

var watchConversations = []conversation{
	{"watch in protobuf", func(s *session) error { return watches(s, s.typed) }},
	{"watch in JSON", func(s *session) error { return watches(s, s.plain) }},
	{"watch list", watchList},
	{"informers of every form", informersOfEveryForm},
	{"leader election", leaderElection},
}

// watches follows one object from a known state on.
func watches(s *session, client kubernetes.Interface) error {
	api := client.CoreV1().ConfigMaps(s.namespace)
	list, err := api.List(s.ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	lw := &cache.ListWatch{WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
		options.FieldSelector = "metadata.name=seen"
		return api.Watch(ctx, options)
	}}
	watcher, err := watchtools.NewRetryWatcherWithContext(s.ctx, list.ResourceVersion, lw)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	object, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta("seen")}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	object.Data = map[string]string{"a": "b"}
	if _, err = api.Update(s.ctx, object, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err = api.Delete(s.ctx, "seen", metav1.DeleteOptions{}); err != nil {
		return err
	}
	for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
		select {
		case event := <-watcher.ResultChan():
			if err := check(event.Type == want && event.Object.(*corev1.ConfigMap).Name == "seen", "%v, not %s", event, want); err != nil {
				return err
			}
		case <-s.ctx.Done():
			return fmt.Errorf("no event %s", want)
		}
	}
	return nil
}

// watchList reads the present as the beginning of a watch.
func watchList(s *session) error {
	api := s.typed.CoreV1().ConfigMaps(s.namespace)
	for i := range 3 {
		if _, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta(fmt.Sprintf("initial-%d", i))}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	watcher, err := api.Watch(s.ctx, metav1.ListOptions{
		SendInitialEvents:    ptr.To(true),
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		AllowWatchBookmarks:  true,
	})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	seen := 0
	for event := range watcher.ResultChan() {
		object := event.Object.(*corev1.ConfigMap)
		if event.Type == watch.Bookmark {
			return check(seen == 3 && object.Annotations[metav1.InitialEventsAnnotationKey] == "true" && object.ResourceVersion != "", "%d objects before %v", seen, object)
		}
		seen++
	}
	return fmt.Errorf("the watch ended after %d objects", seen)
}

// informersOfEveryForm keep in step with what is written meanwhile.
func informersOfEveryForm(s *session) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	typed := informers.NewSharedInformerFactoryWithOptions(s.typed, time.Hour, informers.WithNamespace(s.namespace))
	untyped := dynamicinformer.NewFilteredDynamicSharedInformerFactory(s.dynamic, time.Hour, s.namespace, nil)
	partial := metadatainformer.NewFilteredSharedInformerFactory(s.metadata, time.Hour, s.namespace, nil)
	all := map[string]cache.SharedIndexInformer{
		"typed":    typed.Core().V1().ConfigMaps().Informer(),
		"dynamic":  untyped.ForResource(configMaps).Informer(),
		"metadata": partial.ForResource(configMaps).Informer(),
	}
	api := s.typed.CoreV1().ConfigMaps(s.namespace)
	if _, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta("early")}, metav1.CreateOptions{}); err != nil {
		return err
	}
	typed.Start(ctx.Done())
	untyped.Start(ctx.Done())
	partial.Start(ctx.Done())
	for name, informer := range all {
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			return fmt.Errorf("%s: not in step", name)
		}
	}
	if _, err := api.Create(s.ctx, &corev1.ConfigMap{ObjectMeta: meta("late")}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := api.Delete(s.ctx, "early", metav1.DeleteOptions{}); err != nil {
		return err
	}
	for name, informer := range all {
		for {
			keys := informer.GetStore().ListKeys()
			if len(keys) == 1 && keys[0] == s.namespace+"/late" {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s: has %v", name, keys)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

// leaderElection hands a lease from one candidate to the next.
func leaderElection(s *session) error {
	led := make(chan string, 2)
	candidate := func(ctx context.Context, id string) error {
		lock, err := resourcelock.New(resourcelock.LeasesResourceLock, s.namespace, "leader", s.typed.CoreV1(), s.typed.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: id})
		if err != nil {
			return err
		}
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond, ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { led <- id }, OnStoppedLeading: func() {}},
		})
		if err != nil {
			return err
		}
		go elector.Run(ctx)
		return nil
	}
	first, resign := context.WithCancel(s.ctx)
	defer resign()
	if err := candidate(first, "first"); err != nil {
		return err
	}
	if err := leads(s, led, "first"); err != nil {
		return err
	}
	if err := candidate(s.ctx, "second"); err != nil {
		return err
	}
	resign()
	if err := leads(s, led, "second"); err != nil {
		return err
	}
	lease, err := s.typed.CoordinationV1().Leases(s.namespace).Get(s.ctx, "leader", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return check(*lease.Spec.HolderIdentity == "second" && *lease.Spec.LeaseTransitions == 1, "lease %v", lease.Spec)
}

func leads(s *session, led <-chan string, want string) error {
	select {
	case id := <-led:
		return check(id == want, "%s leads, not %s", id, want)
	case <-s.ctx.Done():
		return fmt.Errorf("%s never led", want)
	}
}
