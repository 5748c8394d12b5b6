package main

import (
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
)

var applyConversations = []conversation{
	{"apply configurations", applyConfigurations},
	{"an extracted apply configuration", extracted},
}

func deploymentConfiguration(namespace, image string) *appsapply.DeploymentApplyConfiguration {
	labels := map[string]string{"app": "applied"}
	container := coreapply.Container().WithName("main").WithImage(image)
	template := coreapply.PodTemplateSpec().WithLabels(labels).WithSpec(coreapply.PodSpec().WithContainers(container))
	spec := appsapply.DeploymentSpec().WithReplicas(0).WithSelector(metaapply.LabelSelector().WithMatchLabels(labels)).WithTemplate(template)
	return appsapply.Deployment("applied", namespace).WithSpec(spec)
}

func applyConfigurations(s *session) error {
	api := s.typed.AppsV1().Deployments(s.namespace)
	one := metav1.ApplyOptions{FieldManager: "one"}
	if _, err := api.Apply(s.ctx, deploymentConfiguration(s.namespace, "main:1"), one); err != nil {
		return err
	}
	other := metav1.ApplyOptions{FieldManager: "other"}
	_, err := api.Apply(s.ctx, deploymentConfiguration(s.namespace, "main:2"), other)
	if err := refused(err, apierrors.IsConflict, `conflict with "one"`); err != nil {
		return err
	}
	status := err.(apierrors.APIStatus).Status()
	cause := status.Details.Causes[0]
	if err := check(cause.Type == metav1.CauseTypeFieldManagerConflict && cause.Field == `.spec.template.spec.containers[name="main"].image`, "cause %v", cause); err != nil {
		return err
	}
	other.Force = true
	if _, err := api.Apply(s.ctx, deploymentConfiguration(s.namespace, "main:2"), other); err != nil {
		return err
	}
	ready := appsapply.Deployment("applied", s.namespace).WithStatus(appsapply.DeploymentStatus().WithObservedGeneration(2))
	applied, err := api.ApplyStatus(s.ctx, ready, metav1.ApplyOptions{FieldManager: "controller"})
	if err != nil {
		return err
	}
	managers := []string{}
	for _, entry := range applied.ManagedFields {
		managers = append(managers, entry.Manager+"/"+entry.Subresource)
	}
	if err := check(applied.Status.ObservedGeneration == 2 && strings.Contains(strings.Join(managers, " "), "controller/status"), "managers %v", managers); err != nil {
		return err
	}
	scale, err := api.ApplyScale(s.ctx, "applied", scaleConfiguration(3), metav1.ApplyOptions{FieldManager: "scaler", Force: true})
	if err != nil {
		return err
	}
	return check(scale.Spec.Replicas == 3, "scale %v", scale.Spec)
}

// extracted is what a manager owns, read back from managedFields.
func extracted(s *session) error {
	api := s.typed.CoreV1().ConfigMaps(s.namespace)
	mine := metav1.ApplyOptions{FieldManager: "mine"}
	if _, err := api.Apply(s.ctx, coreapply.ConfigMap("shared", s.namespace).WithData(map[string]string{"mine": "1"}), mine); err != nil {
		return err
	}
	theirs := metav1.ApplyOptions{FieldManager: "theirs"}
	if _, err := api.Apply(s.ctx, coreapply.ConfigMap("shared", s.namespace).WithData(map[string]string{"theirs": "1"}), theirs); err != nil {
		return err
	}
	object, err := api.Get(s.ctx, "shared", metav1.GetOptions{})
	if err != nil {
		return err
	}
	configuration, err := coreapply.ExtractConfigMap(object, "mine")
	if err != nil {
		return err
	}
	if err := check(len(configuration.Data) == 1 && configuration.Data["mine"] == "1", "extracted %v", configuration.Data); err != nil {
		return err
	}
	configuration.Data = nil
	after, err := api.Apply(s.ctx, configuration, mine)
	if err != nil {
		return err
	}
	return check(len(after.Data) == 1 && after.Data["theirs"] == "1", "data %v", after.Data)
}
