package localaws;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/** Writes to a temporary file and stores it when closed: an object is there whole or not at all. */
final class ObjectOutputStream extends OutputStream {
  private final S3Client client;
  private final ObjectCache cache;
  private final String key;
  private final boolean onlyNew;
  private final MessageDigest md5 = S3Client.md5();
  private final Path draft;
  private final OutputStream out;
  private boolean closed = false;

  ObjectOutputStream(S3Client client, ObjectCache cache, String key, boolean onlyNew) throws IOException {
    this.client = client;
    this.cache = cache;
    this.key = key;
    this.onlyNew = onlyNew;
    this.draft = Files.createTempFile("s3-put", ".part");
    this.out = new BufferedOutputStream(Files.newOutputStream(draft), 1 << 16);
  }

  @Override
  public void write(int value) throws IOException {
    md5.update((byte) value);
    out.write(value);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    md5.update(bytes, offset, length);
    out.write(bytes, offset, length);
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    if (closed) return;
    closed = true;
    try {
      out.close();
      cache.forget(key);
      byte[] digest = md5.digest();
      client.put(key, draft, digest, onlyNew);
      cache.learn(new ObjectInfo(key, Files.size(draft), System.currentTimeMillis(), quotedHex(digest)));
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /** The etag S3 gives to an object stored by one PUT. */
  private static String quotedHex(byte[] digest) {
    StringBuilder hex = new StringBuilder("\"");
    for (byte value : digest) hex.append(String.format("%02x", value));
    return hex.append('"').toString();
  }
}
