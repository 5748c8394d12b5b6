package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

var untypedConversations = []conversation{
	{"dynamic client", dynamicVerbs},
	{"metadata client", metadataVerbs},
	{"tables", tables},
}

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

func configMap(name, value string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": name, "labels": map[string]any{"form": "dynamic"}},
		"data":       map[string]any{"key": value},
	}}
}

func dynamicVerbs(s *session) error {
	api := s.dynamic.Resource(configMaps).Namespace(s.namespace)
	made, err := api.Create(s.ctx, configMap("dynamic", "1"), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := unstructured.SetNestedField(made.Object, "2", "data", "key"); err != nil {
		return err
	}
	updated, err := api.Update(s.ctx, made, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	list, err := api.List(s.ctx, metav1.ListOptions{LabelSelector: "form=dynamic"})
	if err != nil {
		return err
	}
	if err := check(len(list.Items) == 1 && list.Items[0].GetKind() == "ConfigMap" && list.GetKind() == "ConfigMapList", "list %v", list); err != nil {
		return err
	}
	_, err = api.Apply(s.ctx, "dynamic", configMap("dynamic", "3"), metav1.ApplyOptions{FieldManager: "other"})
	if err := refused(err, apierrors.IsConflict, ".data.key"); err != nil {
		return err
	}
	applied, err := api.Apply(s.ctx, "dynamic", configMap("dynamic", "3"), metav1.ApplyOptions{FieldManager: "other", Force: true})
	if err != nil {
		return err
	}
	if err := check(applied.GetResourceVersion() != updated.GetResourceVersion(), "nothing was applied"); err != nil {
		return err
	}
	patched, err := api.Patch(s.ctx, "dynamic", types.MergePatchType, []byte(`{"data":{"key":null}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	if _, found, _ := unstructured.NestedString(patched.Object, "data", "key"); found {
		return fmt.Errorf("the key is still there")
	}
	if err := api.Delete(s.ctx, "dynamic", metav1.DeleteOptions{}); err != nil {
		return err
	}
	_, err = s.dynamic.Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"}).List(s.ctx, metav1.ListOptions{})
	return refused(err, apierrors.IsNotFound, "the server could not find the requested resource")
}

func metadataVerbs(s *session) error {
	made := &corev1.ConfigMap{ObjectMeta: meta("big", "set", "meta"), Data: map[string]string{"secret": "data"}}
	if _, err := s.typed.CoreV1().ConfigMaps(s.namespace).Create(s.ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}
	api := s.metadata.Resource(configMaps).Namespace(s.namespace)
	read, err := api.Get(s.ctx, "big", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := check(read.Labels["set"] == "meta" && read.UID != "", "read %v", read); err != nil {
		return err
	}
	list, err := api.List(s.ctx, metav1.ListOptions{LabelSelector: "set=meta"})
	if err != nil {
		return err
	}
	if err := check(len(list.Items) == 1 && list.ResourceVersion != "", "list %v", list); err != nil {
		return err
	}
	patched, err := api.Patch(s.ctx, "big", types.MergePatchType, []byte(`{"metadata":{"annotations":{"a":"b"}}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	if err := check(patched.Annotations["a"] == "b", "patched %v", patched); err != nil {
		return err
	}
	return api.Delete(s.ctx, "big", metav1.DeleteOptions{})
}

// tables are what kubectl get shows.
func tables(s *session) error {
	if _, err := s.typed.CoreV1().Pods(s.namespace).Create(s.ctx, podOf("shown"), metav1.CreateOptions{}); err != nil {
		return err
	}
	client := s.plain.CoreV1().RESTClient().(*rest.RESTClient)
	table := &metav1.Table{}
	err := client.Get().Namespace(s.namespace).Resource("pods").SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").
		Param("includeObject", "Metadata").Do(s.ctx).Into(table)
	if err != nil {
		return err
	}
	columns := []string{}
	for _, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			columns = append(columns, column.Name)
		}
	}
	if err := check(strings.Join(columns, " ") == "Name Ready Status Restarts Age", "columns %v", columns); err != nil {
		return err
	}
	cells := table.Rows[0].Cells
	return check(cells[0] == "shown" && cells[1] == "0/1" && cells[2] == "Pending", "cells %v", cells)
}
