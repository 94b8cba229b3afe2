import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

public class Loader {
  public static void main(String[] args) throws Exception {
    URL[] urls = {Path.of("/srv/job/plugins/").toUri().toURL()};
    ClassLoader loader = new URLClassLoader("plugins", urls, ClassLoader.getPlatformClassLoader());
    Runnable plugin = (Runnable) loader.loadClass("Plugin").getDeclaredConstructor().newInstance();
    plugin.run();
  }
}
