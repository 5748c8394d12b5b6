package main

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/openapi3"
	"k8s.io/client-go/restmapper"
)

var discoveryConversations = []conversation{
	{"discovery", discover},
	{"resource mapping", mapping},
	{"OpenAPI", openAPI},
	{"health and version", health},
}

func discover(s *session) error {
	client := s.typed.Discovery()
	groups, resources, err := client.ServerGroupsAndResources()
	if err != nil {
		return err
	}
	if err := check(len(groups) > 15 && len(resources) > 15, "%d groups, %d lists", len(groups), len(resources)); err != nil {
		return err
	}
	preferred, err := client.ServerPreferredNamespacedResources()
	if err != nil {
		return err
	}
	deletable, err := discovery.GroupVersionResources(discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"delete", "list", "watch"}}, preferred))
	if err != nil {
		return err
	}
	if _, found := deletable[schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}]; !found {
		return fmt.Errorf("autoscaling/v2 is not preferred: %v", deletable)
	}
	aggregated, _, failed, err := s.typed.Discovery().(*discovery.DiscoveryClient).GroupsAndMaybeResources()
	if err != nil {
		return err
	}
	return check(len(failed) == 0 && aggregated != nil, "failed: %v", failed)
}

func mapping(s *session) error {
	groups, err := restmapper.GetAPIGroupResources(s.typed.Discovery())
	if err != nil {
		return err
	}
	mapper := restmapper.NewDiscoveryRESTMapper(groups)
	expander := restmapper.NewShortcutExpander(mapper, s.typed.Discovery(), nil)
	for short, want := range map[string]string{"deploy": "deployments", "po": "pods", "netpol": "networkpolicies", "hpa": "horizontalpodautoscalers", "csr": "certificatesigningrequests"} {
		found, err := expander.ResourceFor(schema.GroupVersionResource{Resource: short})
		if err != nil {
			return err
		}
		if err := check(found.Resource == want, "%s is %s", short, found.Resource); err != nil {
			return err
		}
	}
	found, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	if err != nil {
		return err
	}
	return check(found.Resource.Resource == "deployments" && found.Scope.Name() == "namespace", "mapping %v", found)
}

func openAPI(s *session) error {
	document, err := s.typed.Discovery().OpenAPISchema()
	if err != nil {
		return err
	}
	if err := check(document.Info.Title == "Kubernetes" && len(document.Definitions.AdditionalProperties) > 500, "%d definitions", len(document.Definitions.AdditionalProperties)); err != nil {
		return err
	}
	root := openapi3.NewRoot(s.typed.Discovery().OpenAPIV3())
	versions, err := root.GroupVersions()
	if err != nil {
		return err
	}
	for _, version := range versions {
		spec, err := root.GVSpec(version)
		if err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
		if err := check(spec.Version == "3.0.0" && len(spec.Paths.Paths) > 0, "%s: %d paths", version, len(spec.Paths.Paths)); err != nil {
			return err
		}
	}
	return check(len(versions) > 15, "%d versions", len(versions))
}

func health(s *session) error {
	version, err := s.typed.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	if err := check(strings.HasPrefix(version.GitVersion, "v1.36."), "version %v", version); err != nil {
		return err
	}
	for _, path := range []string{"/healthz", "/livez", "/readyz", "/readyz/etcd"} {
		body, err := s.plain.Discovery().RESTClient().Get().AbsPath(path).DoRaw(s.ctx)
		if err != nil {
			return err
		}
		if err := check(string(body) == "ok", "%s: %s", path, body); err != nil {
			return err
		}
	}
	return nil
}
