/** Tracks training on an MLflow server over its REST API (2.0). */
package dev.apo.worker.mlflow;
