package localaws;

import java.io.EOFException;
import java.io.IOException;
import org.apache.hadoop.fs.FSInputStream;

/** Reads an object: from memory when it came whole, else by ranged GETs of 8 MB. */
final class ObjectInputStream extends FSInputStream {
  private final S3Client client;
  private final ObjectInfo object;
  private byte[] buffer;
  private long bufferStart = 0;
  private long position = 0;

  /** @param head the object's first bytes, perhaps all of them */
  ObjectInputStream(S3Client client, ObjectInfo object, byte[] head) {
    this.client = client;
    this.object = object;
    this.buffer = head;
  }

  @Override
  public void seek(long target) throws IOException {
    if (target < 0 || target > object.length())
      throw new EOFException("seek to " + target + " in " + object.key() + " of " + object.length() + " bytes");
    position = target;
  }

  @Override
  public long getPos() {
    return position;
  }

  @Override
  public boolean seekToNewSource(long target) {
    return false;
  }

  @Override
  public int available() {
    return (int) Math.max(0, Math.min(Integer.MAX_VALUE, bufferStart + buffer.length - position));
  }

  @Override
  public int read() throws IOException {
    if (!fill()) return -1;
    return buffer[(int) (position++ - bufferStart)] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) return 0;
    if (!fill()) return -1;
    int from = (int) (position - bufferStart);
    int count = Math.min(length, buffer.length - from);
    System.arraycopy(buffer, from, target, offset, count);
    position += count;
    return count;
  }

  private boolean fill() throws IOException {
    if (position >= object.length()) return false;
    if (position >= bufferStart && position < bufferStart + buffer.length) return true;
    S3Client.Range part = client.get(object.key(), position, ObjectCache.SMALL);
    if (!object.etag().equals(part.object().etag()))
      throw new IOException(object.key() + " was replaced while it was read");
    buffer = part.bytes();
    bufferStart = position;
    return buffer.length > 0;
  }
}
