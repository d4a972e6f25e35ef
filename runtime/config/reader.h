#pragma once

#include "runtime/base/secret.h"
#include "runtime/config/environment.h"
#include "runtime/config/interpolate.h"
#include "runtime/config/node.h"
#include "runtime/config/scalar.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::config {

/// The state of one reading of a configuration: where we are in it, what went wrong, which names were defined
/// and used, which values are secret. Declarations are constant; everything that changes is here.
class Reader {
 public:
  Reader(const Sources& sources, const Environment& environment, Problems& problems)
      : sources_(sources), environment_(environment), problems_(problems) {}

  /// Enters a key (or "[3]") for the life of the handle. `noun`: the value is a named thing, and messages
  /// speak of "agent `x`" from here on.
  class Inside {
   public:
    Inside(Reader& reader, std::string key, std::string_view noun = "") : reader_(reader) {
      reader.frames_.push_back({std::move(key), std::string(noun)});
    }
    Inside(const Inside&) = delete;
    ~Inside() { reader_.frames_.pop_back(); }

   private:
    Reader& reader_;
  };

  /// Secret values are read for the life of the handle.
  class Hushed {
   public:
    Hushed(Reader& reader, bool secret)
        : reader_(reader), before_(std::exchange(reader.secret_, reader.secret_ || secret)) {}
    Hushed(const Hushed&) = delete;
    ~Hushed() { reader_.secret_ = before_; }

   private:
    Reader& reader_;
    bool before_;
  };

  /// A scalar with its variables put in; nothing (and a problem reported) when the node is something else.
  /// `expected`: "a duration such as `30s`".
  std::optional<Scalar> scalar(const Node& node, std::string_view expected);

  /// Reports that the node is not `expected` but a map, a list …
  void wrong_kind(const Node& node, std::string_view expected);

  /// "`limits.steps` of agent `x`: <text>"
  void error(Place place, std::string_view text);
  void warning(Place place, std::string_view text);
  /// The text as it is.
  void raw_error(Place place, std::string text) { problems_.error(place, std::move(text)); }
  std::size_t errors() const { return problems_.errors(); }

  /// "`limits.steps` of agent `x`", "agent `x`", "`server.listen`", or "" at the top.
  std::string where() const;
  /// "models.main.api_key"
  std::string pointer() const;

  /// Where a namespace's names are defined and used; resolve() reports what is used and not defined. A name
  /// defined twice is reported at once. `noun`: what the name stands for ("model").
  void define(std::string_view space, const std::string& name, Place place);
  void refer(std::string_view space, std::string_view noun, const std::string& name, Place place);
  void resolve();

  const Sources& sources() const { return sources_; }
  const Environment& environment() const { return environment_; }
  const std::string& folder(const Node& node) const { return sources_.folder(node.place.file); }

  /// Every secret met so far.
  const Secrets& secrets() const { return secrets_; }
  Secrets& secrets() { return secrets_; }
  /// Each secret scalar: where it stands, and how it may be written down ("${OPENAI_API_KEY}").
  struct Reference {
    std::vector<std::string> path;  ///< keys, and "[3]" for elements
    std::string text;
  };
  const std::vector<Reference>& references() const { return references_; }
  /// What those scalars are, by pointer.
  const SecretValues& secret_values() const { return secret_values_; }
  /// Values for `${secret:POINTER}`, for a text that was written with references.
  void know(SecretValues values) { known_ = std::move(values); }

 private:
  struct Frame {
    std::string key;
    std::string noun;
  };
  struct Use {
    std::string space;
    std::string noun;
    std::string name;
    Place place;
    std::string where;
  };
  void remember_secret(const Node& node, const Interpolated& value);
  std::string with_where(std::string_view text) const;

  const Sources& sources_;
  const Environment& environment_;
  Problems& problems_;
  SecretValues known_;
  std::vector<Frame> frames_;
  bool secret_ = false;
  Secrets secrets_;
  std::vector<Reference> references_;
  SecretValues secret_values_;
  std::map<std::string, std::map<std::string, Place, std::less<>>, std::less<>> defined_;
  std::vector<Use> uses_;
};

}  // namespace troupe::config
