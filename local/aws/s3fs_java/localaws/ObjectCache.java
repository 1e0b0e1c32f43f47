package localaws;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this JVM has just learned of a bucket: statuses from listings and HEADs, bodies of small objects, empty folders.
 *
 * <p>Spark asks for a file's status four times and opens it twice, once for the footer and once for the data. A status is
 * believed for a minute, a body as long as its etag is the status's. A write, rename or delete of this JVM corrects both at
 * once; another writer's change of an existing key may be seen up to a minute late (a new key is seen at once). Folders do
 * not exist in S3: those made here are remembered here, so that no marker objects are left in the bucket.
 */
final class ObjectCache {
  static final int SMALL = 8 << 20;
  private static final long BELIEVED_NANOS = 60_000_000_000L;
  private static final long BODIES = 96L << 20;

  private record Status(ObjectInfo object, long until) {}

  private record Body(String etag, byte[] bytes) {}

  private final Map<String, Status> statuses = new ConcurrentHashMap<>();
  private final LinkedHashMap<String, Body> bodies = new LinkedHashMap<>(64, 0.75f, true);
  private final Map<String, Boolean> folders = new ConcurrentHashMap<>();
  private long bodyBytes = 0;

  /** Null when unknown. */
  ObjectInfo status(String key) {
    Status known = statuses.get(key);
    return known == null || System.nanoTime() - known.until > 0 ? null : known.object;
  }

  void learn(ObjectInfo object) {
    statuses.put(object.key(), new Status(object, System.nanoTime() + BELIEVED_NANOS));
  }

  /** Null when unknown or of another version than `object`. */
  synchronized byte[] body(ObjectInfo object) {
    Body known = bodies.get(object.key());
    return known != null && known.etag.equals(object.etag()) ? known.bytes : null;
  }

  synchronized void learn(ObjectInfo object, byte[] bytes) {
    drop(object.key());
    bodies.put(object.key(), new Body(object.etag(), bytes));
    bodyBytes += bytes.length;
    Iterator<Body> eldest = bodies.values().iterator();
    while (bodyBytes > BODIES && eldest.hasNext()) {
      bodyBytes -= eldest.next().bytes.length;
      eldest.remove();
    }
  }

  void forget(String key) {
    statuses.remove(key);
    drop(key);
  }

  private synchronized void drop(String key) {
    Body old = bodies.remove(key);
    if (old != null) bodyBytes -= old.bytes.length;
  }

  /** Remember `key` and all its parents as folders. */
  void addFolder(String key) {
    for (String folder = key; !folder.isEmpty(); folder = folder.substring(0, Math.max(0, folder.lastIndexOf('/'))))
      if (folders.put(folder, true) != null) return;
  }

  boolean isFolder(String key) {
    return folders.containsKey(key);
  }

  /** The names of remembered folders directly under `key` ("" is the bucket's root). */
  Iterable<String> foldersIn(String key) {
    String prefix = key.isEmpty() ? "" : key + "/";
    return folders.keySet().stream()
        .filter(name -> name.startsWith(prefix) && !name.equals(key) && name.indexOf('/', prefix.length()) < 0)
        .toList();
  }

  void dropFolder(String key) {
    folders.keySet().removeIf(name -> name.equals(key) || name.startsWith(key + "/"));
  }
}
