package localaws;

/** What a listing or a HEAD says of one object. A listing's name may also be a common prefix: then it ends with "/". */
record ObjectInfo(String key, long length, long modifiedMillis, String etag) {
  boolean isPrefix() {
    return key.endsWith("/");
  }
}
