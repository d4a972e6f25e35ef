#include "runtime/net/outbound_guard.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::net;

TEST_CASE("addresses are refused by the rule of their block, at both of its ends and not beyond") {
  struct Row {
    const char* address;
    const char* rule;  // a part of it; "" = public
  };
  const Row rows[] = {
      {"0.0.0.0", "this network"},
      {"0.255.255.255", "this network"},
      {"1.0.0.0", ""},
      {"9.255.255.255", ""},
      {"10.0.0.0", "private (10"},
      {"10.255.255.255", "private (10"},
      {"11.0.0.0", ""},
      {"100.63.255.255", ""},
      {"100.64.0.0", "shared"},
      {"100.127.255.255", "shared"},
      {"100.128.0.0", ""},
      {"100.100.100.200", "metadata"},
      {"126.255.255.255", ""},
      {"127.0.0.0", "loopback"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"128.0.0.0", ""},
      {"168.63.129.16", "metadata"},
      {"169.253.255.255", ""},
      {"169.254.0.0", "link-local"},
      {"169.254.169.254", "metadata"},
      {"169.254.170.2", "metadata"},
      {"169.254.255.255", "link-local"},
      {"169.255.0.0", ""},
      {"172.15.255.255", ""},
      {"172.16.0.0", "private (172"},
      {"172.31.255.255", "private (172"},
      {"172.32.0.0", ""},
      {"191.255.255.255", ""},
      {"192.0.0.0", "protocol assignments"},
      {"192.0.0.255", "protocol assignments"},
      {"192.0.1.0", ""},
      {"192.0.2.1", "documentation"},
      {"192.88.99.1", "6to4 relay"},
      {"192.167.255.255", ""},
      {"192.168.0.0", "private (192"},
      {"192.168.255.255", "private (192"},
      {"192.169.0.0", ""},
      {"198.17.255.255", ""},
      {"198.18.0.0", "benchmarking"},
      {"198.19.255.255", "benchmarking"},
      {"198.20.0.0", ""},
      {"198.51.100.7", "documentation"},
      {"203.0.113.7", "documentation"},
      {"223.255.255.255", ""},
      {"224.0.0.0", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.0", "reserved"},
      {"255.255.255.254", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"8.8.8.8", ""},
      {"93.184.216.34", ""},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::2", "this network"},
      {"::127.0.0.1", "loopback"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:7f00:1", "loopback"},
      {"::ffff:8.8.8.8", ""},
      {"::ffff:169.254.169.254", "metadata"},
      {"::ffff:0:10.0.0.1", "private"},
      {"64:ff9b::10.0.0.1", "private"},
      {"64:ff9b::7f00:1", "loopback"},
      {"64:ff9b::8.8.8.8", ""},
      {"64:ff9b:1::1", "local NAT64"},
      {"100::1", "discard"},
      {"2001::1", "Teredo"},
      {"2001:0:7f00:1::", "Teredo"},
      {"2001:db8::1", "documentation"},
      {"2001:20::1", "protocol assignments"},
      {"2001:200::1", ""},
      {"2002:7f00:1::1", "loopback"},
      {"2002:a00:1::", "private"},
      {"2002:a9fe:a9fe::", "metadata"},
      {"2002:808:808::1", ""},
      {"2606:4700::1111", ""},
      {"3fff::1", "documentation"},
      {"4000::1", "not global unicast"},
      {"5f00::1", "not global unicast"},
      {"fc00::1", "unique local"},
      {"fd12:3456::1", "unique local"},
      {"fd00:ec2::254", "metadata"},
      {"fd20:ce::254", "metadata"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"},
      {"ff0e::1", "multicast"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.address);
    const auto address = Address::parse(row.address);
    REQUIRE(address);
    const auto rule = refusing_rule(*address);
    CAPTURE(rule);
    CHECK(rule.empty() == (row.rule[0] == '\0'));
    CHECK(rule.find(row.rule) != rule.npos);
  }
}

TEST_CASE("a refusal names host, address and rule, and what to do") {
  const OutboundGuard guard;

  auto named = guard.check_address("intra.example", *Address::parse("10.1.2.3"));
  REQUIRE_FALSE(named);
  CHECK(named.error().code == ErrorCode::denied);
  CHECK_FALSE(named.error().retryable);
  CHECK(named.error().message ==
        "intra.example resolves to 10.1.2.3, which is refused by the rule private (10.0.0.0/8); "
        "network.allow_private can make an "
        "exception");
  auto literal = guard.check_host("127.0.0.1");
  REQUIRE_FALSE(literal);
  CHECK(literal.error().message.starts_with("127.0.0.1 is refused by the rule loopback (127.0.0.0/8)"));
  CHECK(guard.check_address("example.org", *Address::parse("93.184.216.34")));
  CHECK(guard.check_host("example.org"));
  CHECK(guard.check_host("localhost.example.org"));
  CHECK_FALSE(guard.check_host("localhost"));
  CHECK_FALSE(guard.check_host("LocalHost."));
  CHECK_FALSE(guard.check_host("app.localhost"));
}

TEST_CASE("an exception holds for what it names and nothing else") {
  auto guard = OutboundGuard::make({"CRM.internal.", "10.1.0.0/16", "192.168.7.7", "fd00:1::/32", "::1"});
  REQUIRE(guard);
  auto allows = [&](const char* host, const char* address) {
    return guard->check_address(host, *Address::parse(address)).has_value();
  };

  CHECK(allows("crm.internal", "127.0.0.1"));
  CHECK(allows("crm.internal.", "169.254.169.254"));
  CHECK_FALSE(allows("x.crm.internal", "127.0.0.1"));
  CHECK_FALSE(allows("crm.internal.evil.example", "127.0.0.1"));
  CHECK(allows("any", "10.1.255.255"));
  CHECK_FALSE(allows("any", "10.2.0.0"));
  CHECK(allows("any", "192.168.7.7"));
  CHECK_FALSE(allows("any", "192.168.7.8"));
  CHECK(allows("any", "::ffff:192.168.7.7"));
  CHECK_FALSE(allows("any", "64:ff9b::192.168.7.7"));
  CHECK(allows("any", "fd00:1:ffff::1"));
  CHECK_FALSE(allows("any", "fd00:2::1"));
  CHECK(allows("any", "::1"));
  CHECK_FALSE(allows("any", "127.0.0.1"));
  CHECK_FALSE(guard->check_host("localhost"));
  CHECK(OutboundGuard::make({"127.0.0.0/8"})->check_host("localhost"));
  CHECK(OutboundGuard::make({"localhost"})->check_host("localhost"));
}

TEST_CASE("an entry that is nothing of the kind is an error that shows it") {
  for (const char* entry :
       {"", " ", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "256.1.1.1", "1.2.3", "::1/129",
        "http://crm", "crm:80", "*.internal", "a b", "a..b", ".a", "-a", "[::1", "10.0.0.0/8/8"}) {
    CAPTURE(entry);
    auto checked = OutboundGuard::check_entry(entry);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::invalid);
    CHECK(checked.error().message.starts_with("`" + std::string(entry) + "`"));
    CHECK_FALSE(OutboundGuard::make({"10.0.0.1", entry}));
  }
  for (const char* entry :
       {"crm", "crm-1.internal", "10.0.0.1", "0.0.0.0/0", "::/0", "[fd00::1]", "under_score.local"}) {
    CAPTURE(entry);
    CHECK(OutboundGuard::check_entry(entry));
  }
}
