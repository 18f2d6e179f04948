import "./public.scss";
import { start } from "../lib/start.js";

start();
