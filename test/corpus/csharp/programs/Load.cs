using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Shop
{
    class LoadException : Exception
    {
        public LoadException(string message, Exception inner) : base(message, inner) { }
    }

    class Loader<T>
    {
        static Loader()
        {
            if (typeof(T) == typeof(decimal)) throw new NotSupportedException("no decimals");
        }

        public Loader(T row)
        {
            if (row == null) throw new ArgumentNullException("row");
        }

        public int Sum<U>(IEnumerable<U> rows)
        {
            return rows.Select(row => int.Parse(row.ToString())).Sum();
        }

        public static IEnumerable<int> Rows(int n)
        {
            yield return n;
            throw new InvalidOperationException("row " + n + " is the last");
        }
    }

    static class Program
    {
        static int Depth(int n) { return Depth(n + 1) + 1; }

        static async Task<int> LoadAsync(string row)
        {
            await Task.Delay(1);
            return int.Parse(row);
        }

        static void Nested()
        {
            try
            {
                try { new Dictionary<string, int>()["price"].ToString(); }
                catch (KeyNotFoundException e) { throw new LoadException("cannot load row 7:\n  no price", e); }
            }
            catch (LoadException e) { throw new ApplicationException("nightly", e); }
        }

        static void Main(string[] args)
        {
            switch (args[0])
            {
                case "plain": throw new InvalidOperationException("bad row");
                case "message": throw new ArgumentException("two\nlines", "row");
                case "nested": Nested(); break;
                case "generic": new Loader<string>("x").Sum(new[] { "1", "seven" }); break;
                case "ctor": new Loader<string>(null); break;
                case "initializer": new Loader<decimal>(1).ToString(); break;
                case "iterator": Loader<int>.Rows(7).ToList(); break;
                case "async": LoadAsync("seven").GetAwaiter().GetResult(); break;
                case "aggregate": Task.WaitAll(LoadAsync("seven"), Task.Run(() => Nested())); break;
                case "file": System.IO.File.ReadAllText("/srv/job/missing.csv"); break;
                case "thread":
                    var thread = new System.Threading.Thread(() => { throw new TimeoutException("worker lost"); });
                    thread.Start();
                    thread.Join();
                    break;
                case "deep": Depth(0); break;
                case "null": object row = null; row.ToString(); break;
                case "fail-fast": Environment.FailFast("no way on"); break;
            }
        }
    }
}
