#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The secret values of one configuration, for masking. A value: copied to whoever writes text that might
/// hold one. Besides the value itself it knows the forms in which text carries it: escaped in JSON,
/// percent-encoded in a URL, and the lines of one that has several (a key file).
class Secrets {
 public:
  /// Shorter values are not masked: blanking every "a" or "no" would destroy the text and betray the secret.
  static constexpr std::size_t kBytesMin = 4;

  void add(std::string_view value);
  void add(const Secrets& other);
  bool empty() const { return forms_.empty(); }
  /// Every form, longest first, so that a secret that contains another is masked whole.
  const std::vector<std::string>& forms() const { return forms_; }

 private:
  void insert(std::string form);
  std::vector<std::string> forms_;
};

/// `text` with every secret in it replaced by "***". Any thread.
std::string redact(std::string_view text, const Secrets& secrets);

}  // namespace troupe
