#pragma once

#include "runtime/base/json.h"
#include "runtime/config/reader.h"

#include <memory>

namespace troupe::config {

/// How values of one type are written in a configuration: read, shown again, and described to editors. One
/// declaration makes all three, so they cannot drift. Immutable once built; any thread.
template <class T>
class Shape {
 public:
  virtual ~Shape() = default;
  /// Reads `node` into `value`, which holds its default. Problems go to the reader; `value` is then
  /// unspecified.
  virtual void read(const Node& node, T& value, Reader& reader) const = 0;
  /// The JSON form that read() takes back to an equal value. Secrets appear as they are: mask the result.
  virtual Json show(const T& value) const = 0;
  /// JSON Schema, draft 2020-12.
  virtual Json schema() const = 0;
};

template <class T>
using ShapePtr = std::shared_ptr<const Shape<T>>;

}  // namespace troupe::config
