package dev.apo.worker.storage;

/**
 * What a store knows about an object without reading it.
 *
 * @param key its name relative to the storage's root
 * @param size its length in bytes
 * @param digest the store's own checksum or ETag, equal for equal versions of the object; null
 *     where the store keeps none
 */
public record StoredObject(String key, long size, String digest) {}
