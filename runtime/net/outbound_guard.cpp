#include "runtime/net/outbound_guard.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace troupe::net {
namespace {

struct Rule {
  std::string_view text;
  AddressBlock block;
};

std::vector<Rule> make_rules(std::initializer_list<std::pair<std::string_view, std::string_view>> table) {
  std::vector<Rule> rules;
  for (const auto& [block, text] : table) rules.push_back({text, *AddressBlock::parse(block)});
  return rules;
}

// The first match names the rule, so single addresses stand before the blocks they lie in.
const std::vector<Rule>& v4_rules() {
  static const std::vector<Rule> rules = make_rules({
      {"169.254.169.254", "cloud metadata (169.254.169.254)"},
      {"169.254.170.2", "cloud metadata (169.254.170.2)"},
      {"100.100.100.200", "cloud metadata (100.100.100.200)"},
      {"168.63.129.16", "cloud metadata (168.63.129.16)"},
      {"255.255.255.255", "broadcast (255.255.255.255)"},
      {"0.0.0.0/8", "this network (0.0.0.0/8)"},
      {"10.0.0.0/8", "private (10.0.0.0/8)"},
      {"100.64.0.0/10", "shared address space (100.64.0.0/10)"},
      {"127.0.0.0/8", "loopback (127.0.0.0/8)"},
      {"169.254.0.0/16", "link-local (169.254.0.0/16)"},
      {"172.16.0.0/12", "private (172.16.0.0/12)"},
      {"192.0.0.0/24", "protocol assignments (192.0.0.0/24)"},
      {"192.0.2.0/24", "documentation (192.0.2.0/24)"},
      {"192.88.99.0/24", "6to4 relay (192.88.99.0/24)"},
      {"192.168.0.0/16", "private (192.168.0.0/16)"},
      {"198.18.0.0/15", "benchmarking (198.18.0.0/15)"},
      {"198.51.100.0/24", "documentation (198.51.100.0/24)"},
      {"203.0.113.0/24", "documentation (203.0.113.0/24)"},
      {"224.0.0.0/4", "multicast (224.0.0.0/4)"},
      {"240.0.0.0/4", "reserved (240.0.0.0/4)"},
  });
  return rules;
}

const std::vector<Rule>& v6_rules() {
  static const std::vector<Rule> rules = make_rules({
      {"fd00:ec2::254", "cloud metadata (fd00:ec2::254)"},
      {"fd00:ec2::23", "cloud metadata (fd00:ec2::23)"},
      {"fd20:ce::254", "cloud metadata (fd20:ce::254)"},
      {"::", "unspecified (::)"},
      {"::1", "loopback (::1)"},
      {"64:ff9b:1::/48", "local NAT64 (64:ff9b:1::/48)"},
      {"100::/64", "discard (100::/64)"},
      {"2001::/32", "Teredo (2001::/32)"},
      {"2001:db8::/32", "documentation (2001:db8::/32)"},
      {"2001::/23", "protocol assignments (2001::/23)"},
      {"3fff::/20", "documentation (3fff::/20)"},
      {"fc00::/7", "unique local (fc00::/7)"},
      {"fe80::/10", "link-local (fe80::/10)"},
      {"fec0::/10", "site-local (fec0::/10)"},
      {"ff00::/8", "multicast (ff00::/8)"},
  });
  return rules;
}

/// The IPv4 address that an IPv6 address carries in a form that routers or sockets take literally.
std::optional<Address> carried_v4(const Address& address) {
  static const AddressBlock mapped = *AddressBlock::parse("::ffff:0:0/96");
  static const AddressBlock translated = *AddressBlock::parse("::ffff:0:0:0/96");
  static const AddressBlock compatible = *AddressBlock::parse("::/96");
  static const AddressBlock nat64 = *AddressBlock::parse("64:ff9b::/96");
  static const AddressBlock six_to_four = *AddressBlock::parse("2002::/16");
  const auto bytes = address.bytes();
  auto at = [&](std::size_t i) {
    return Address::v4(std::uint32_t{bytes[i]} << 24 | std::uint32_t{bytes[i + 1]} << 16 |
                       std::uint32_t{bytes[i + 2]} << 8 | bytes[i + 3]);
  };
  if (mapped.contains(address) || translated.contains(address) || compatible.contains(address) ||
      nat64.contains(address))
    return at(12);
  if (six_to_four.contains(address)) return at(2);
  return std::nullopt;
}

std::string_view match(const std::vector<Rule>& rules, const Address& address) {
  const auto rule = std::ranges::find_if(rules, [&](const Rule& r) { return r.block.contains(address); });
  return rule == rules.end() ? std::string_view() : rule->text;
}

std::string normal_host(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return lower(host);
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.front() == '-') return false;
  bool letter = false;  // only digits and dots is a mistyped address, not a name
  for (unsigned char c : text) {
    if (!std::isalnum(c) && c != '-' && c != '.' && c != '_') return false;
    letter = letter || std::isalpha(c);
  }
  return letter && text.find("..") == text.npos;
}

}  // namespace

std::string_view refusing_rule(const Address& address) {
  if (address.is_v4()) return match(v4_rules(), address);
  if (auto rule = match(v6_rules(), address); !rule.empty()) return rule;
  if (auto carried = carried_v4(address)) return match(v4_rules(), *carried);
  static const AddressBlock global = *AddressBlock::parse("2000::/3");
  return global.contains(address) ? std::string_view() : "not global unicast (outside 2000::/3)";
}

Result<OutboundGuard> OutboundGuard::make(const std::vector<std::string>& allow_private) {
  OutboundGuard guard;
  for (const auto& entry : allow_private) {
    if (auto added = guard.add(entry); !added) return std::unexpected(added.error());
  }
  return guard;
}

Result<> OutboundGuard::check_entry(std::string_view entry) {
  return OutboundGuard().add(entry);
}

Result<> OutboundGuard::add(std::string_view entry) {
  if (auto block = AddressBlock::parse(entry)) {
    blocks_.push_back(*block);
    return {};
  }
  std::string host = normal_host(entry);
  if (!is_host_name(host))
    return fail(
        ErrorCode::invalid,
        fmt::format(
            "`{}` is no host name, address or CIDR block (such as crm.internal, 10.1.2.3, 10.0.0.0/8)",
            entry));
  hosts_.push_back(std::move(host));
  return {};
}

bool OutboundGuard::excepts(std::string_view host) const {
  if (hosts_.empty()) return false;
  return std::ranges::find(hosts_, normal_host(host)) != hosts_.end();
}

bool OutboundGuard::excepts(const Address& address) const {
  const Address plain = address.unmapped();  // ::ffff:10.0.0.1 goes to the very same peer as 10.0.0.1
  return std::ranges::any_of(blocks_,
                             [&](const AddressBlock& b) { return b.contains(address) || b.contains(plain); });
}

Result<> OutboundGuard::check_address(std::string_view host, const Address& address) const {
  const auto rule = refusing_rule(address);
  if (rule.empty() || excepts(host) || excepts(address)) return {};
  const std::string what = Address::parse(host) == address
                               ? address.text() + " is"
                               : fmt::format("{} resolves to {}, which is", host, address.text());
  return fail(
      ErrorCode::denied,
      fmt::format("{} refused by the rule {}; network.allow_private can make an exception", what, rule));
}

Result<> OutboundGuard::check_host(std::string_view host) const {
  if (auto address = Address::parse(host)) return check_address(host, *address);
  const std::string name = normal_host(host);
  if ((name == "localhost" || name.ends_with(".localhost")) && !excepts(name)) {
    // An exception for the loopback address speaks for its well-known name, too.
    if (excepts(Address::v4(0x7f000001))) return {};
    return fail(
        ErrorCode::denied,
        fmt::format(
            "{} is refused by the rule loopback (localhost); network.allow_private can make an exception",
            name));
  }
  return {};
}

}  // namespace troupe::net
