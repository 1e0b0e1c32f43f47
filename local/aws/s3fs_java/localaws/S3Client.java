package localaws;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * The few S3 requests a file system needs, for an endpoint that reads the credential's scope and checks no signature.
 *
 * <p>HttpURLConnection rather than HttpClient: it keeps connections alive as well and loads a tenth of the classes, which a
 * job that lives for seconds notices.
 */
final class S3Client {
  private static final String AUTHORIZATION =
      "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=local";
  private static final int DELETE_BATCH = 1000;
  private static final int ATTEMPTS = 3;

  static {
    if (System.getProperty("http.maxConnections") == null) System.setProperty("http.maxConnections", "16");
  }

  private final String endpoint;
  private final String bucket;

  S3Client(String endpoint, String bucket) {
    this.endpoint = endpoint;
    this.bucket = bucket;
  }

  /** An answer whose body was read to its end, so that its connection can be used again. */
  private record Answer(int status, HttpURLConnection headers, byte[] body) {}

  /** Part of an object, with the whole object's length and etag. */
  record Range(byte[] bytes, ObjectInfo object) {}

  /** Null when there is no such object. */
  ObjectInfo head(String key) throws IOException {
    Answer answer = send("HEAD", key, "", Map.of(), null, 200, 404);
    return answer.status == 404 ? null : info(key, answer.headers, answer.headers.getContentLengthLong());
  }

  /** Bytes from `start` (inclusive), at most `length` of them. Fewer at the object's end; none from an empty object. */
  Range get(String key, long start, long length) throws IOException {
    Map<String, String> range = Map.of("Range", "bytes=" + start + "-" + (start + length - 1));
    Answer answer = send("GET", key, "", range, null, 200, 206, 416);
    if (answer.status == 416) return new Range(new byte[0], head(key));
    String contentRange = answer.headers.getHeaderField("Content-Range");
    long total = contentRange == null ? answer.body.length : Long.parseLong(contentRange.replaceFirst(".*/", ""));
    return new Range(answer.body, info(key, answer.headers, total));
  }

  /**
   * Store a file with its MD5, which the endpoint verifies.
   *
   * @throws FileAlreadyExistsException onlyNew, and the key exists
   */
  void put(String key, Path content, byte[] md5, boolean onlyNew) throws IOException {
    String digest = Base64.getEncoder().encodeToString(md5);
    Map<String, String> headers =
        onlyNew ? Map.of("Content-MD5", digest, "If-None-Match", "*") : Map.of("Content-MD5", digest);
    Answer answer = send("PUT", key, "", headers, content, 200, 412);
    if (answer.status == 412) throw new FileAlreadyExistsException("s3://" + bucket + "/" + key);
  }

  void copy(String from, String to) throws IOException {
    send("PUT", to, "", Map.of("x-amz-copy-source", "/" + bucket + "/" + encode(from)), null, 200);
  }

  void delete(String key) throws IOException {
    send("DELETE", key, "", Map.of(), null, 200, 204, 404);
  }

  void deleteAll(List<String> keys) throws IOException {
    for (int start = 0; start < keys.size(); start += DELETE_BATCH) {
      StringBuilder body = new StringBuilder("<Delete><Quiet>true</Quiet>");
      for (String key : keys.subList(start, Math.min(keys.size(), start + DELETE_BATCH)))
        body.append("<Object><Key>").append(escape(key)).append("</Key></Object>");
      byte[] bytes = body.append("</Delete>").toString().getBytes(StandardCharsets.UTF_8);
      Path content = Files.createTempFile("s3-delete", ".xml");
      try {
        Files.write(content, bytes);
        Map<String, String> md5 = Map.of("Content-MD5", Base64.getEncoder().encodeToString(md5().digest(bytes)));
        Answer answer = send("POST", "", "?delete", md5, content, 200);
        String refused = new String(answer.body, StandardCharsets.UTF_8);
        if (refused.contains("<Error>")) throw new IOException("delete under s3://" + bucket + ": " + refused);
      } finally {
        Files.deleteIfExists(content);
      }
    }
  }

  /**
   * Objects whose key starts with `prefix`, and, unless `deep`, the common prefixes at the next "/".
   *
   * @param limit at most so many names, or 0 for all of them
   */
  List<ObjectInfo> list(String prefix, boolean deep, int limit) throws IOException {
    List<ObjectInfo> found = new ArrayList<>();
    String token = null;
    do {
      String query = "?list-type=2&max-keys=" + (limit == 0 ? 1000 : limit) + "&prefix=" + encodeAll(prefix);
      if (!deep) query += "&delimiter=%2F";
      if (token != null) query += "&continuation-token=" + encodeAll(token);
      token = parseListing(send("GET", "", query, Map.of(), null, 200).body, found);
    } while (token != null && limit == 0);
    return found;
  }

  /** Adds what the page names to `found`; returns the token of the next page or null. */
  private static String parseListing(byte[] xml, List<ObjectInfo> found) throws IOException {
    String token = null;
    String key = "";
    String etag = "";
    long size = 0;
    long modified = 0;
    boolean inPrefixes = false;
    try {
      XMLStreamReader reader = XMLInputFactory.newFactory().createXMLStreamReader(new ByteArrayInputStream(xml));
      while (reader.hasNext()) {
        int event = reader.next();
        if (event == XMLStreamConstants.START_ELEMENT) {
          switch (reader.getLocalName()) {
            case "Key" -> key = reader.getElementText();
            case "Size" -> size = Long.parseLong(reader.getElementText());
            case "ETag" -> etag = reader.getElementText();
            case "LastModified" -> modified = Instant.parse(reader.getElementText()).toEpochMilli();
            case "CommonPrefixes" -> inPrefixes = true;
            case "Prefix" -> {
              if (inPrefixes) found.add(new ObjectInfo(reader.getElementText(), 0, 0, ""));
            }
            case "NextContinuationToken" -> token = reader.getElementText();
            default -> {}
          }
        } else if (event == XMLStreamConstants.END_ELEMENT) {
          if (reader.getLocalName().equals("Contents")) found.add(new ObjectInfo(key, size, modified, etag));
          if (reader.getLocalName().equals("CommonPrefixes")) inPrefixes = false;
        }
      }
    } catch (XMLStreamException malformed) {
      throw new IOException("unreadable listing: " + new String(xml, StandardCharsets.UTF_8), malformed);
    }
    return token;
  }

  private Answer send(String method, String key, String query, Map<String, String> headers, Path body, int... accepted)
      throws IOException {
    String target = endpoint + "/" + bucket + (key.isEmpty() ? "" : "/" + encode(key)) + query;
    for (int attempt = 1; ; attempt++) {
      Answer answer;
      try {
        answer = once(method, target, headers, body);
      } catch (IOException broken) {
        // A kept-alive connection may be closed by the other end just as it is used. A create-once PUT that was answered
        // but not heard would meet itself, so only that one is not repeated.
        if (attempt == ATTEMPTS || headers.containsKey("If-None-Match"))
          throw new IOException(method + " s3://" + bucket + "/" + key + " at " + endpoint + ": " + broken, broken);
        continue;
      }
      for (int status : accepted) if (answer.status == status) return answer;
      String text = method + " s3://" + bucket + "/" + key + ": HTTP " + answer.status + " " + reason(answer.body);
      if (answer.status == 404) throw new FileNotFoundException(text);
      throw new IOException(text);
    }
  }

  private static Answer once(String method, String target, Map<String, String> headers, Path body) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(target).openConnection();
    connection.setRequestMethod(method);
    connection.setConnectTimeout(10_000);
    connection.setReadTimeout(300_000);
    connection.setRequestProperty("Authorization", AUTHORIZATION);
    headers.forEach(connection::setRequestProperty);
    if (body != null) {
      connection.setDoOutput(true);
      connection.setRequestProperty("Content-Type", "application/octet-stream");
      connection.setFixedLengthStreamingMode(Files.size(body));
      try (OutputStream out = connection.getOutputStream()) {
        Files.copy(body, out);
      }
    } else if (method.equals("PUT")) {
      connection.setDoOutput(true);
      connection.setFixedLengthStreamingMode(0);
      connection.getOutputStream().close();
    }
    int status = connection.getResponseCode();
    try (InputStream in = status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
      return new Answer(status, connection, in == null || method.equals("HEAD") ? new byte[0] : in.readAllBytes());
    }
  }

  private static ObjectInfo info(String key, HttpURLConnection headers, long length) {
    return new ObjectInfo(key, length, headers.getLastModified(), headers.getHeaderField("ETag"));
  }

  /** "NoSuchBucket: The specified bucket does not exist" out of S3's error document. */
  private static String reason(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    String code = between(text, "<Code>", "</Code>");
    return code == null ? text : code + ": " + between(text, "<Message>", "</Message>");
  }

  private static String between(String text, String open, String close) {
    int start = text.indexOf(open);
    int end = text.indexOf(close, start);
    return start < 0 || end < 0 ? null : text.substring(start + open.length(), end);
  }

  static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String encode(String key) {
    return encodeAll(key).replace("%2F", "/");
  }

  private static String encodeAll(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
