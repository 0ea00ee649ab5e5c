package dev.apo.operator.observe;

import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import java.lang.reflect.RecordComponent;

/**
 * The bounds of the API's types. The API server refuses a whole status for one value beyond them,
 * again and again, so that what a worker says must not get that far.
 */
final class Bounds {
  private Bounds() {}

  /** A record of the API's without the values that a status cannot hold: they are unknown then. */
  static <T> T keep(T record) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        Object value = components[i].getAccessor().invoke(record);
        values[i] = holds(components[i], value) ? value : null;
        types[i] = components[i].getType();
      }
      @SuppressWarnings("unchecked")
      T kept = (T) record.getClass().getDeclaredConstructor(types).newInstance(values);
      return kept;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the API's records are public", e);
    }
  }

  private static boolean holds(RecordComponent component, Object value) {
    if (value instanceof String text) {
      Size size = component.getAccessor().getAnnotation(Size.class);
      return size == null || text.length() <= size.max();
    }
    if (value instanceof Number number) {
      Min min = component.getAccessor().getAnnotation(Min.class);
      Max max = component.getAccessor().getAnnotation(Max.class);
      return Double.isFinite(number.doubleValue())
          && (min == null || number.doubleValue() >= min.value())
          && (max == null || number.doubleValue() <= max.value());
    }
    return true;
  }
}
