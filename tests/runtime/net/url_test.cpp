#include "runtime/net/url.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::net;

TEST_CASE("a URL is read as libcurl will, its host in one form") {
  struct Row {
    const char* text;
    const char* host;
    int port;
    const char* display;
  };
  const Row rows[] = {
      {"http://Example.COM", "example.com", 80, "http://example.com/"},
      {"HTTPS://example.com:443/a/../b?q#f", "example.com", 443, "https://example.com/b"},
      {"http://u:p@example.com.:8080/x?key=s", "example.com", 8080, "http://example.com:8080/x"},
      {"http://0x7f.1/", "127.0.0.1", 80, "http://127.0.0.1/"},
      {"http://2130706433", "127.0.0.1", 80, "http://127.0.0.1/"},
      {"http://[2001:DB8::1]:81/", "2001:db8::1", 81, "http://[2001:db8::1]:81/"},
      {"http://b\xc3\xbc"
       "cher.example/",
       "xn--bcher-kva.example", 80, "http://xn--bcher-kva.example/"},
      {"http://example.com/a b\xc3\xa9?x y", "example.com", 80, "http://example.com/a%20b%c3%a9"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto url = Url::parse(row.text);
    REQUIRE(url);
    CHECK(url->host() == row.host);
    CHECK(url->port() == row.port);
    CHECK(url->display() == row.display);
  }
  CHECK(Url::parse("http://example.com/a?b=c%20d&e=[1]+2#f")->text() ==
        "http://example.com/a?b=c%20d&e=[1]+2#f");
}

TEST_CASE("what is no usable URL is refused with a reason and without its secrets") {
  for (const char* text :
       {"", "x", "example.com/path", "http:", "http://", "http://a b/", "http://[::1", "http://a:b/",
        "http://a:0/", "http://a:70000/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://a\nb/",
        "http://a/\r\nX: y", "http://\xff\xfe/", "http://user:hunter2@/?hunter2"}) {
    CAPTURE(text);
    auto url = Url::parse(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::invalid);
    CHECK(url.error().message.find("hunter2") == std::string::npos);
    CHECK(url.error().message.find('\n') == std::string::npos);
  }
  CHECK(Url::parse("ftp://user:hunter2@h/").error().code == ErrorCode::denied);
  CHECK(Url::parse("ftp://user:hunter2@h/").error().message.find("hunter2") == std::string::npos);
  CHECK(Url::parse(std::string("http://a/\0b", 11)).error().code == ErrorCode::invalid);
  CHECK(Url::parse("http://a/" + std::string(10'000, 'x')).error().message.size() < 500);
}

TEST_CASE("only http and https are spoken, however a URL is written") {
  const auto base = Url::parse("https://example.com/a");
  REQUIRE(base);
  for (const char* text :
       {"javascript:alert(1)", "JavaScript:alert(1)", "javascript://x/alert(1)", "data:text/plain,x",
        "mailto:a@b.example", "file:///etc/passwd", "file:/etc/passwd", "jar:http://h/",
        "blob:https://example.com/1", "view-source:http://h/", "x-y+z.1:a", "ftp://h/", "ws://h/",
        "httpx://h/", "about:blank"}) {
    CAPTURE(text);
    CHECK(Url::parse(text).error().code == ErrorCode::denied);
    CHECK(base->resolve(text).error().code == ErrorCode::denied);
  }
  CHECK(Url::parse("javascript:alert(1)").error().message ==
        "`javascript:alert(1)` is refused: only http and https are spoken, not javascript");
  CHECK(Url::parse("localhost:8080").error().code == ErrorCode::invalid);
  CHECK(Url::parse("example.com:8080/x").error().code == ErrorCode::invalid);
  CHECK(base->resolve("b?x=y:z")->text() == "https://example.com/b?x=y:z");
  CHECK(base->resolve("/b:c")->text() == "https://example.com/b:c");
  CHECK(Url::parse("HTTP://h/")->scheme() == "http");
}

TEST_CASE("names that cannot be converted are refused and leave nothing behind") {
  for (const std::string& host :
       {std::string("\xff\xfe"), std::string("a\xc3"), std::string("\xed\xa0\x80.example"),
        std::string("\xc3\xa9") + std::string(2'000, 'x')}) {
    CAPTURE(host);
    CHECK(Url::parse("http://" + host + "/").error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a reference is resolved against its page") {
  auto base = Url::parse("https://user:pass@example.com/a/b?q=1");
  REQUIRE(base);
  CHECK(base->resolve("c")->text() == "https://user:pass@example.com/a/c");
  CHECK(base->resolve("/c?x=1")->text() == "https://user:pass@example.com/c?x=1");
  CHECK(base->resolve("//other.example/c")->text() == "https://other.example/c");
  CHECK(base->resolve("http://other.example")->text() == "http://other.example/");
  CHECK(base->resolve("?y")->text() == "https://user:pass@example.com/a/b?y");
  CHECK(base->resolve("javascript://x/alert(1)").error().code == ErrorCode::denied);
  CHECK_FALSE(base->resolve("http://"));
  CHECK(base->same_origin(*base->resolve("/z")));
  CHECK_FALSE(base->same_origin(*base->resolve("http://example.com/")));
  CHECK_FALSE(base->same_origin(*base->resolve("https://example.com:444/")));
}

TEST_CASE("redaction leaves scheme, host and path") {
  CHECK(redacted_url("http://u:p@h/p?q=s#f") == "http://h/p");
  CHECK(redacted_url("u:p@h/p") == "h/p");
  CHECK(redacted_url("http://u:p@ss@h/p") == "http://h/p");
  CHECK(redacted_url("a\r\nb") == "a??b");
  CHECK(redacted_url("http://u:p/w@h/p") == "http://h/p");
}

TEST_CASE("a proxy is read with its port, or refused without its password") {
  CHECK(parse_proxy("proxy.example")->port == 1080);
  CHECK(parse_proxy("proxy.example:3128")->host == "proxy.example");
  CHECK(parse_proxy("http://u:p@10.0.0.1:3128")->address->text() == "10.0.0.1");
  CHECK(parse_proxy("https://proxy.example")->port == 443);
  CHECK(parse_proxy("socks5h://[::1]:9050")->host == "::1");
  for (const char* bad : {"", "socks5://h:1", "ftp://h", "http://", "u:hunter2@"}) {
    CAPTURE(bad);
    auto proxy = parse_proxy(bad);
    REQUIRE_FALSE(proxy);
    CHECK(proxy.error().code == ErrorCode::invalid);
    CHECK(proxy.error().message.find("hunter2") == std::string::npos);
  }
}
