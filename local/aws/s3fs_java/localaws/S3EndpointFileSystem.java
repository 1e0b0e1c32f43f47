package localaws;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIsNotEmptyDirectoryException;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * s3:// for Spark over an S3 endpoint: fs.s3.impl = this class, fs.s3.local.endpoint = http://host:port.
 *
 * <p>For one JVM on one machine, against the local server. See {@link ObjectCache} for what it remembers and how long.
 */
public final class S3EndpointFileSystem extends FileSystem {
  private static final long BLOCK = 128L << 20;
  private static final Map<String, ObjectCache> CACHES = new ConcurrentHashMap<>();

  private URI uri;
  private String bucket;
  private Path workingDirectory;
  private S3Client client;
  private ObjectCache cache;

  @Override
  public String getScheme() {
    return "s3";
  }

  @Override
  public URI getUri() {
    return uri;
  }

  @Override
  public void initialize(URI name, Configuration conf) throws IOException {
    super.initialize(name, conf);
    setConf(conf);
    bucket = name.getAuthority();
    if (bucket == null) throw new IOException("no bucket in " + name + "; write s3://bucket/key");
    uri = URI.create(name.getScheme() + "://" + bucket);
    workingDirectory = new Path(uri + "/");
    String endpoint = conf.get("fs.s3.local.endpoint");
    if (endpoint == null) throw new IOException("fs.s3.local.endpoint is not set; it is the S3 server's URL");
    client = new S3Client(endpoint, bucket);
    cache = CACHES.computeIfAbsent(endpoint + "/" + bucket, ignored -> new ObjectCache());
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    String key = key(path);
    if (key.isEmpty()) return folder(key);
    ObjectInfo known = cache.status(key);
    if (known != null) return file(known);
    if (cache.isFolder(key)) return folder(key);
    ObjectInfo object = client.head(key);
    if (object != null) {
      cache.learn(object);
      return file(object);
    }
    if (!client.list(key + "/", true, 1).isEmpty()) return folder(key);
    throw new FileNotFoundException("No such object or prefix: s3://" + bucket + "/" + key);
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    String key = key(path);
    if (cache.status(key) != null) return new FileStatus[] {getFileStatus(path)};
    Map<String, FileStatus> children = new TreeMap<>();
    boolean exists = key.isEmpty() || cache.isFolder(key);
    for (ObjectInfo found : client.list(key.isEmpty() ? "" : key + "/", false, 0)) {
      exists = true;
      String child = strip(found.key());
      if (child.equals(key)) continue; // a marker somebody else left for this folder
      if (!found.isPrefix()) cache.learn(found);
      children.put(child, found.isPrefix() ? folder(child) : file(found));
    }
    for (String child : cache.foldersIn(key)) children.putIfAbsent(child, folder(child));
    if (exists) return children.values().toArray(new FileStatus[0]);
    return new FileStatus[] {getFileStatus(path)};
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    String key = key(path);
    ObjectInfo known = cache.status(key);
    byte[] body = known == null ? null : cache.body(known);
    if (body == null && (known == null || known.length() <= ObjectCache.SMALL)) {
      S3Client.Range head = firstBytes(key);
      known = head.object();
      body = head.bytes();
      cache.learn(known);
      if (body.length == known.length()) cache.learn(known, body);
    }
    return new FSDataInputStream(new ObjectInputStream(client, known, body == null ? new byte[0] : body));
  }

  private S3Client.Range firstBytes(String key) throws IOException {
    try {
      return client.get(key, 0, ObjectCache.SMALL);
    } catch (FileNotFoundException missing) {
      cache.forget(key);
      if (cache.isFolder(key) || !client.list(key + "/", true, 1).isEmpty())
        throw new FileNotFoundException("s3://" + bucket + "/" + key + " is a folder");
      throw missing;
    }
  }

  @Override
  public FSDataOutputStream create(
      Path path, FsPermission permission, boolean overwrite, int buffer, short replication, long block, Progressable tell)
      throws IOException {
    String key = key(path);
    if (!overwrite && cache.status(key) != null) throw new FileAlreadyExistsException(path.toString());
    return new FSDataOutputStream(new ObjectOutputStream(client, cache, key, !overwrite), statistics);
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    cache.addFolder(key(path));
    return true;
  }

  @Override
  public boolean rename(Path source, Path target) throws IOException {
    FileStatus status;
    try {
      status = getFileStatus(source);
    } catch (FileNotFoundException missing) {
      return false;
    }
    String from = key(source);
    String to = key(target);
    try {
      if (!getFileStatus(target).isDirectory()) return false;
      to = to.isEmpty() ? source.getName() : to + "/" + source.getName();
    } catch (FileNotFoundException free) {
      // the usual case: the target's name is new
    }
    if (status.isFile()) {
      move(from, to);
      return true;
    }
    for (ObjectInfo object : client.list(from + "/", true, 0)) move(object.key(), to + object.key().substring(from.length()));
    cache.dropFolder(from);
    cache.addFolder(to);
    return true;
  }

  private void move(String from, String to) throws IOException {
    client.copy(from, to);
    cache.forget(to);
    delete(from);
  }

  private void delete(String key) throws IOException {
    client.delete(key);
    cache.forget(key);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    FileStatus status;
    try {
      status = getFileStatus(path);
    } catch (FileNotFoundException missing) {
      return false;
    }
    String key = key(path);
    if (status.isFile()) {
      delete(key);
      return true;
    }
    List<String> keys = new ArrayList<>();
    for (ObjectInfo object : client.list(key.isEmpty() ? "" : key + "/", true, 0)) keys.add(object.key());
    if (!recursive && !keys.isEmpty()) throw new PathIsNotEmptyDirectoryException(path.toString());
    client.deleteAll(keys);
    keys.forEach(cache::forget);
    cache.dropFolder(key);
    return true;
  }

  @Override
  public FSDataOutputStream append(Path path, int bufferSize, Progressable tell) {
    throw new UnsupportedOperationException("S3 objects can not be appended to: " + path);
  }

  @Override
  public long getDefaultBlockSize(Path path) {
    return BLOCK;
  }

  @Override
  public void setWorkingDirectory(Path path) {
    workingDirectory = makeQualified(path);
  }

  @Override
  public Path getWorkingDirectory() {
    return workingDirectory;
  }

  private String key(Path path) {
    return strip(makeQualified(path).toUri().getPath());
  }

  private static String strip(String name) {
    int start = name.startsWith("/") ? 1 : 0;
    int end = name.length() > start && name.endsWith("/") ? name.length() - 1 : name.length();
    return name.substring(start, end);
  }

  private Path path(String key) {
    return new Path(uri.getScheme(), bucket, "/" + key);
  }

  private FileStatus folder(String key) {
    return new FileStatus(0, true, 1, BLOCK, 0, path(key));
  }

  private FileStatus file(ObjectInfo object) {
    return new FileStatus(object.length(), false, 1, BLOCK, object.modifiedMillis(), path(object.key()));
  }
}
