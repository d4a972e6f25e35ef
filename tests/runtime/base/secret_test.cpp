#include "runtime/base/secret.h"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("secrets are masked, longer ones first") {
  Secrets secrets;
  secrets.add("abcd");
  secrets.add("abcdefgh");
  CHECK(redact("xabcdefghx abcd", secrets) == "x***x ***");
  CHECK(redact("nothing here", secrets) == "nothing here");
  CHECK(redact("", secrets) == "");
}

TEST_CASE("very short values are left alone") {
  Secrets secrets;
  secrets.add("a");
  secrets.add("");
  CHECK(secrets.empty());
  CHECK(redact("banana", secrets) == "banana");
}

TEST_CASE("each long line of a secret of several lines is one, too") {
  Secrets secrets;
  secrets.add("first-line-1\r\nsecond-line-2\nx\n");
  CHECK(redact("saw second-line-2 and first-line-1 and x", secrets) == "saw *** and *** and x");
}

TEST_CASE("a mask is not masked again") {
  Secrets secrets;
  secrets.add("****");
  secrets.add("secret");
  CHECK(redact("a secret *****", secrets) == "a *** ****");
}
