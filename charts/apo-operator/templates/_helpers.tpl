{{- define "apo-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 50 characters, so that suffixes fit. */}}
{{- define "apo-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "apo-operator.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "apo-operator.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "apo-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "apo-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "apo-operator.labels" -}}
{{ include "apo-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: apo
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "apo-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "apo-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Takes a dict of image and chart. */}}
{{- define "apo-operator.image" -}}
{{- $image := .image -}}
{{- if $image.registry }}{{ trimSuffix "/" $image.registry }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .chart.AppVersion }}{{ end -}}
{{- end }}

{{/* What the operator does with APOTrainings and what belongs to them: each verb is used. */}}
{{- define "apo-operator.rules" -}}
- apiGroups: [apo.dev]
  resources: [apotrainings]
  verbs: [get, list, watch]
- apiGroups: [apo.dev]
  resources: [apotrainings/status]
  verbs: [patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# list: why the API server refuses a Job's pods.
- apiGroups: [""]
  resources: [events]
  verbs: [create, list]
{{- end }}

{{/* The namespaces where the workers' NetworkPolicy goes, separated by commas. */}}
{{- define "apo-operator.workerNamespaces" -}}
{{- join "," (default .Values.watchNamespaces .Values.networkPolicy.workers.namespaces) }}
{{- end }}
