// A guardrail: refuses texts with numbers of bank accounts (IBAN) and payment cards. It looks at checksums,
// which no regular expression can, so that an order number of the same length passes. To build it by hand:
//   c++ -std=c++20 -O2 -shared -fPIC -fvisibility=hidden -I.. -I../sdk bank_details.cpp -o libbank_details.so
#include "troupe_plugin.hpp"

namespace {

constexpr std::size_t kIbanLeast = 15, kIbanMost = 34;  // ISO 13616
constexpr std::size_t kCardLeast = 13, kCardMost = 19;  // ISO/IEC 7812

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

/// The remainder by 97 of the account number turned round, letters as two digits, is 1.
bool is_iban(std::string_view number) {
  if (number.size() < kIbanLeast || number.size() > kIbanMost) return false;
  if (!is_capital(number[0]) || !is_capital(number[1]) || !is_digit(number[2]) || !is_digit(number[3]))
    return false;
  int rest = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[(i + 4) % number.size()];
    rest = is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

/// Luhn's sum: every second digit from the right counts twice.
bool is_card(std::string_view digits) {
  if (digits.size() < kCardLeast || digits.size() > kCardMost) return false;
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    sum += i % 2 == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 == 0;
}

bool separates(std::string_view text, std::size_t at) {
  return (text[at] == ' ' || text[at] == '-') && at + 1 < text.size();
}

bool has_iban(std::string_view text) {
  const auto wanted = [](char c) { return is_digit(c) || is_capital(c); };
  for (std::size_t at = 0; at + kIbanLeast <= text.size(); ++at) {
    if (!is_capital(text[at]) || (at > 0 && wanted(text[at - 1]))) continue;
    std::string number;
    for (std::size_t i = at; i < text.size() && number.size() < kIbanMost; ++i) {
      if (wanted(text[i]))
        number += text[i];
      else if (!separates(text, i) || !wanted(text[i + 1]))
        break;
    }
    // Other words in capitals may follow it.
    for (; number.size() >= kIbanLeast; number.pop_back())
      if (is_iban(number)) return true;
  }
  return false;
}

/// Whether the groups of digits that begin at `at`, or some first ones of them, are the number of a card.
bool is_card_at(std::string_view text, std::size_t at) {
  std::string digits;
  for (; at < text.size() && digits.size() <= kCardMost; ++at) {
    if (is_digit(text[at]))
      digits += text[at];
    else if (is_card(digits))
      return true;
    else if (!separates(text, at) || !is_digit(text[at + 1]))
      return false;
  }
  return is_card(digits);
}

bool has_card(std::string_view text) {
  for (std::size_t at = 0; at + kCardLeast <= text.size(); ++at)
    if (is_digit(text[at]) && (at == 0 || !(is_digit(text[at - 1]) || is_capital(text[at - 1]))) &&
        is_card_at(text, at))
      return true;
  return false;
}

}  // namespace

TROUPE_GUARDRAIL(bank_details, "Refuses texts with numbers of bank accounts or payment cards",
                 R"({"type": "object", "additionalProperties": false, "properties": {
                     "allow": {"enum": ["iban", "card"], "description": "what may pass all the same"}}})") {
  const std::string allowed = judged.setting("allow");
  for (const std::string& text : {judged.text(), judged.beside()}) {
    if (allowed != "iban" && has_iban(text)) return troupe::refuse("it has the number of a bank account");
    if (allowed != "card" && has_card(text)) return troupe::refuse("it has the number of a payment card");
  }
  return troupe::pass();
}

TROUPE_PLUGIN("bank_details", "1.0", "Keeps bank details out of conversations")
