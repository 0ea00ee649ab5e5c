/** What a run takes: time, devices and, given a price, money. */
package dev.apo.worker.cost;
