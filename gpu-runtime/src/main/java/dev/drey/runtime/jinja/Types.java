package dev.drey.runtime.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** Python's names of the types of values. */
final class Types {
  private Types() {}

  static String of(Object value) {
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Long || value instanceof BigInteger) {
      return "int";
    }
    if (value instanceof Double) {
      return "float";
    }
    if (value instanceof List) {
      return "list";
    }
    if (value instanceof Tuple) {
      return "tuple";
    }
    if (value instanceof Map) {
      return "dict";
    }
    if (value == None.NONE) {
      return "NoneType";
    }
    return value instanceof Function && !(value instanceof Macro)
        ? "function"
        : value.getClass().getSimpleName();
  }

  /** A value of this type, as messages name it. */
  static String description(Object value) {
    return value == None.NONE ? "None" : of(value) + " object";
  }

  /** The failure of an operation on values of types that do not have it. */
  static JinjaException unsupported(String operation, Object... operands) {
    StringBuilder types = new StringBuilder();
    for (Object operand : operands) {
      if (operand instanceof Undefined undefined) {
        return undefined.failure();
      }
      types.append(types.isEmpty() ? "" : " and ").append(of(operand));
    }
    return JinjaException.failed(operation + " is not supported for " + types);
  }
}
