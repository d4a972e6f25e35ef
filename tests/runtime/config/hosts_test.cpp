#include "runtime/config/hosts.h"

#include <doctest/doctest.h>

using namespace troupe::config;

TEST_CASE("hosts and ports are told apart from what only looks like them") {
  auto at = [](std::string_view text) {
    auto split = split_host_port(text);
    return split ? split->host + " " + std::to_string(split->port) : "no";
  };
  CHECK(at("127.0.0.1:7420") == "127.0.0.1 7420");
  CHECK(at("[::1]:0") == "::1 0");
  CHECK(at("chat.example:65535") == "chat.example 65535");
  for (const char* bad : {"",       ":",      ":80",    "80",      "a:",     "a:65536",  "a:-1",
                          "a:+1",   "a: 80",  "::1:80", "[::1]",   "[a]:80", "1.2.3:80", "999.1.1.1:80",
                          "a b:80", "a/b:80", "-a:80",  "[::1:80", "a:80 ",  "a..b:80"})
    CHECK_MESSAGE(at(bad) == "no", bad);
}

TEST_CASE("only loopback is loopback") {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "::1", "localhost", "LocalHost", "::ffff:127.0.0.1"})
    CHECK_MESSAGE(is_loopback(host), host);
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example",
                           "::ffff:10.0.0.1", "", "127.1"})
    CHECK_MESSAGE(!is_loopback(host), host);
}
